package main

import (
	"go/parser"
	"go/token"
	"testing"
)

// The faults are in the library as it is now, and make Go of Go.
func TestMutants(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range mutants() {
		if seen[m.name] {
			t.Errorf("two mutants are called %s", m.name)
		}
		seen[m.name] = true
		text, err := m.apply("../../..")
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), m.file, text, 0); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
	if len(seen) < 30 {
		t.Errorf("%d mutants", len(seen))
	}
}
