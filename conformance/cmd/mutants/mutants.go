package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is a fault that somebody could have put into the library.
type mutant struct {
	name  string
	wrong string // what the library does then
	file  string // from the root of the module, with slashes
	old   string // stands in it once
	new   string
}

// mutants returns all of them.
func mutants() []mutant {
	return slices.Concat(loopMutants, cancellationMutants, lockMutants, queueMutants, waitMutants, scopeMutants)
}

// apply returns the text of the file with the fault in it.
func (m mutant) apply(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.file)))
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return nil, fmt.Errorf("the mutant %s is out of date: its old text is %d times in %s", m.name, n, m.file)
	}
	return []byte(strings.Replace(string(text), m.old, m.new, 1)), nil
}
