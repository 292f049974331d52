// Package conformance ties the library to CPython's asyncio: ledger.tsv names, for each
// of CPython's own tests, the Go test that checks what it demands; scenario and difftest
// compare the two side by side. The README says how.
package conformance

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed ledger.tsv
var ledger string

// Row is what one of CPython's tests demands, and what checks it here.
type Row struct {
	File, Test string // CPython's
	Verdict    string
	Behaviour  string
	Why        string   // the verdict is not yes
	Tests      []string // as "conformance.TestX/subtest", after the name of the suite
}

// Verdicts are what a row may say of CPython's test: it applies; a part of it does; the
// library differs on purpose; or there is nothing to check in Go.
var Verdicts = []string{"yes", "partly", "differs", "no"}

// Ledger returns the rows of ledger.tsv, or says what is wrong with one.
func Ledger() (rows []Row, err error) {
	for i, line := range strings.Split(strings.TrimSuffix(ledger, "\n"), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) != 6 {
			return nil, fmt.Errorf("ledger.tsv:%d: %d columns, want 6", i+1, len(cells))
		}
		if i == 0 {
			continue // the heading
		}
		r := Row{File: cells[0], Test: cells[1], Verdict: cells[2], Behaviour: cells[3], Why: cells[4]}
		if cells[5] != "" {
			r.Tests = strings.Split(cells[5], "; ")
		}
		switch {
		case !slices.Contains(Verdicts, r.Verdict):
			err = fmt.Errorf("verdict %q, want one of %v", r.Verdict, Verdicts)
		case r.Verdict == "no" && r.Tests != nil:
			err = fmt.Errorf("a test though there is nothing to check")
		case r.Verdict != "no" && r.Tests == nil:
			err = fmt.Errorf("no test")
		case r.Verdict != "yes" && r.Why == "":
			err = fmt.Errorf("no reason for %s", r.Verdict)
		}
		if err != nil {
			return nil, fmt.Errorf("ledger.tsv:%d: %s %s: %w", i+1, r.File, r.Test, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// LedgerTests returns, for go test -run, a pattern of the tests that the ledger names in
// a suite. It is of whole tests, without subtests.
func LedgerTests(rows []Row, suite string) string {
	var names []string
	for _, r := range rows {
		for _, test := range r.Tests {
			if of, name, _ := strings.Cut(test, "."); of == suite {
				name, _, _ = strings.Cut(name, "/")
				names = append(names, regexp.QuoteMeta(name))
			}
		}
	}
	slices.Sort(names)
	return "^(" + strings.Join(slices.Compact(names), "|") + ")$"
}
