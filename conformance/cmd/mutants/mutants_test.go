package main

import (
	"go/parser"
	"go/token"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio/conformance"
)

// The faults are in the library as it is now, and make Go of Go.
func TestMutants(t *testing.T) {
	homes, err := conformance.Homes("../../..")
	if err != nil {
		t.Fatal(err)
	}
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
		for _, name := range testNames.FindAllString(m.guard, -1) {
			if dir := m.guarded(homes).dir; !slices.Equal(homes[name], []string{dir}) {
				t.Errorf("%s: the test %s is in %q, want it in %q alone", m.name, name, homes[name], dir)
			}
		}
		if m.guard != "" && !testNames.MatchString(m.guard) {
			t.Errorf("%s: its guard names no test: %s", m.name, m.guard)
		}
	}
	if len(seen) < 30 {
		t.Errorf("%d mutants", len(seen))
	}
}

// How a mutant was caught is read from the output of tests.
func TestFirstFailure(t *testing.T) {
	for output, want := range map[string]string{
		"PASS\n": "",
		"--- FAIL: TestA (0.00s)\n    a_test.go:1: x\nFAIL\n":                               "TestA",
		"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n--- FAIL: TestC (0.00s)\n": "TestA/b",
		"panic: x\n": "",
	} {
		if got := firstFailure(output); got != want {
			t.Errorf("%q: %q, want %q", output, got, want)
		}
	}
	timedOut := "panic: test timed out after 1s\n\trunning tests:\n\t\tTestA (1s)\n"
	if m := hanging.FindStringSubmatch(timedOut); m == nil || m[1] != "TestA" {
		t.Errorf("%q: %q", timedOut, m)
	}
}
