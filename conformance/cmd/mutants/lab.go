package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio/conformance"
	"github.com/asyncio-go/asyncio/conformance/difftest"
)

// lab is where mutants are built and tried.
type lab struct {
	root, dir string              // of the module, and for what is built
	ledger    []suite             // the tests that it names
	homes     map[string][]string // where which test is
	records   []difftest.Record
	live      []string // arguments for difftest, nil to do without CPython
	timeout   time.Duration
}

// suite is tests of the package in a directory, from the root of the module.
type suite struct{ dir, pattern string }

// binary is what go test -c calls it.
func (s suite) binary() string {
	if s.dir == "." {
		return "asyncio.test"
	}
	return path.Base(s.dir) + ".test"
}

func newLab(c *config, root, dir string) (*lab, error) {
	rows, err := conformance.Ledger()
	if err != nil {
		return nil, err
	}
	l := &lab{root: root, dir: dir, timeout: c.timeout}
	here := filepath.Join(root, "conformance")
	for _, s := range conformance.Suites {
		l.ledger = append(l.ledger, suite{s.Dir, conformance.LedgerTests(rows, s.Name)})
	}
	if l.homes, err = conformance.Homes(root); err != nil {
		return nil, err
	}
	if l.records, err = difftest.ReadRecords(filepath.Join(here, "testdata", "traces.jsonl.gz")); err != nil {
		return nil, err
	}
	if c.quick {
		return l, nil
	}
	// One worker, so that the first program that differs is the first that is found.
	l.live = []string{"-workers", "1", "-most", "1", "-n", fmt.Sprint(c.programs), "-python", c.pythons}
	return l, nil
}

// overlay writes what puts a mutant into a build, and returns the flag for it.
func (l *lab) overlay(m *mutant, dir string) (string, error) {
	text, err := m.apply(l.root)
	if err != nil {
		return "", err
	}
	mutated, list := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	replace := map[string]map[string]string{
		"Replace": {filepath.Join(l.root, filepath.FromSlash(m.file)): mutated},
	}
	data, err := json.Marshal(replace)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(mutated, text, 0o644); err != nil {
		return "", err
	}
	return "-overlay=" + list, os.WriteFile(list, data, 0o644)
}

// build runs go with these arguments. What it makes is in dir.
func (l *lab) build(dir, command, pkg string, flags ...string) error {
	args := slices.Concat(strings.Fields(command), flags, []string{"-ldflags=-s -w", "-o", dir + string(filepath.Separator), pkg})
	cmd := exec.Command("go", args...)
	cmd.Dir = l.root
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s %s: %w\n%s", command, pkg, err, text)
	}
	return nil
}

// control tries the library as it is: if that fails, catching one of these mutants means
// nothing.
func (l *lab) control(mutants []mutant) error {
	dir := filepath.Join(l.dir, "control")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, s := range guards(mutants, l.homes) {
		switch test, err := l.buildAndTest(dir, s); {
		case err != nil:
			return err
		case test != "":
			return fmt.Errorf("without any fault the guards in %s say %q", s.dir, test)
		}
	}
	if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.guard == "" }) {
		return nil
	}
	if l.live != nil {
		if err := l.build(dir, "build", differ); err != nil {
			return err
		}
		l.findPython(dir)
	}
	r, err := l.run(dir)
	if err != nil {
		return err
	}
	if r.caught() {
		return fmt.Errorf("without any fault the ledger's tests say %q, the recorded traces %q, CPython %q",
			r.test, r.replay, r.live)
	}
	return nil
}

// findPython does without CPython if there is none.
func (l *lab) findPython(dir string) {
	cmd := exec.Command(filepath.Join(dir, "difftest"), append(l.live, "-n", "1")...)
	cmd.Dir = l.root
	if text, err := cmd.CombinedOutput(); err != nil && strings.Contains(string(text), "no CPython from") {
		l.live = nil
		fmt.Fprintln(os.Stderr, "There is no CPython here, so nothing is run live.")
	}
}

// tryAll tries mutants, several at a time.
func (l *lab) tryAll(mutants []mutant, workers int) []result {
	results := make([]result, len(mutants))
	next := make(chan int)
	done := make(chan struct{})
	for range workers {
		go func() {
			for i := range next {
				m := &mutants[i]
				r, err := l.try(m)
				r.err = err
				results[i] = r
				fmt.Fprintf(os.Stderr, "%-28s %s\n", m.name, r)
			}
			done <- struct{}{}
		}()
	}
	for i := range mutants {
		next <- i
	}
	close(next)
	for range workers {
		<-done
	}
	return results
}

// try tries one.
func (l *lab) try(m *mutant) (r result, err error) {
	dir := filepath.Join(l.dir, m.name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return r, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in a directory that is removed in the end
	overlay, err := l.overlay(m, dir)
	if err != nil {
		return r, err
	}
	if m.guard != "" {
		r.test, err = l.buildAndTest(dir, m.guarded(l.homes), overlay)
		return r, err
	}
	return l.run(dir, overlay)
}

// buildAndTest builds the tests of a package, with these flags, and runs the suite.
func (l *lab) buildAndTest(dir string, s suite, flags ...string) (string, error) {
	if err := l.build(dir, "test -c -vet=off", "./"+s.dir, flags...); err != nil {
		return "", err
	}
	return l.test(dir, s, s.pattern, firstFailure)
}

// differ is the differential tester.
const differ = "./conformance/cmd/difftest"

// run builds everything, with these flags, and runs it. If something does not compile,
// that is an error.
func (l *lab) run(dir string, flags ...string) (r result, err error) {
	for _, s := range l.ledger {
		// Only now, for to build the second takes longest.
		if r.test, err = l.buildAndTest(dir, s, flags...); err != nil {
			return r, err
		}
		if r.test != "" {
			break
		}
	}
	s := l.ledger[0]
	if r.replay, err = l.test(dir, s, "^TestReplay$", l.firstRecord); err != nil {
		return r, err
	}
	if r.replay == "" {
		if r.replay, err = l.test(dir, s, "^TestRegressions$", firstFailure); err != nil {
			return r, err
		}
	}
	if l.live == nil {
		return r, nil
	}
	if err := l.build(dir, "build", differ, flags...); err != nil {
		return r, err
	}
	r.live, err = l.compare(filepath.Join(dir, "difftest"))
	return r, err
}
