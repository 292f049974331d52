package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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

	// guard is a regexp of the tests that are to find it, for what the rest of the proof
	// cannot see: it is tried by these alone. "" if it is tried by that.
	guard string
}

// guards returns where the tests are that guard mutants, in order, and which of each.
func guards(mutants []mutant, homes map[string][]string) (suites []suite) {
	for _, m := range mutants {
		if m.guard == "" {
			continue
		}
		s := m.guarded(homes)
		i := slices.IndexFunc(suites, func(x suite) bool { return x.dir == s.dir })
		if i < 0 {
			suites = append(suites, s)
		} else {
			suites[i].pattern += "|" + s.pattern
		}
	}
	return suites
}

// testNames finds the tests in a guard.
var testNames = regexp.MustCompile(`\bTest\w+`)

// guarded returns the tests that guard it, which are all in one package.
func (m mutant) guarded(homes map[string][]string) suite {
	s := suite{pattern: m.guard}
	if dirs := homes[testNames.FindString(m.guard)]; len(dirs) > 0 {
		s.dir = dirs[0]
	}
	return s
}

// mutants returns all of them.
func mutants() []mutant {
	return slices.Concat(loopMutants, cancellationMutants, lockMutants, queueMutants, waitMutants, scopeMutants, beyondMutants,
		edgeMutants, heardMutants, outsideMutants)
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
