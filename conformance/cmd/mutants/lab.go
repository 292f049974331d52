package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio/conformance"
	"github.com/asyncio-go/asyncio/conformance/difftest"
)

// lab is where mutants are built and tried.
type lab struct {
	root, dir string // of the module, and for what is built
	ledger    []suite
	records   []difftest.Record
	live      []string // arguments for difftest, nil to do without CPython
	timeout   time.Duration
}

// suite is the tests of a package that the ledger names.
type suite struct{ binary, dir, pattern string }

func newLab(c *config, root, dir string) (*lab, error) {
	rows, err := conformance.Ledger()
	if err != nil {
		return nil, err
	}
	l := &lab{root: root, dir: dir, timeout: c.timeout}
	here := filepath.Join(root, "conformance")
	l.ledger = []suite{
		{"conformance.test", here, conformance.LedgerTests(rows, "conformance")},
		{"asyncio.test", root, conformance.LedgerTests(rows, "asyncio")},
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

// build builds everything, with a mutant in it unless that is nil, in a directory.
func (l *lab) build(m *mutant, dir string) error {
	overlay := "-overlay="
	if m != nil {
		text, err := m.apply(l.root)
		if err != nil {
			return err
		}
		mutated, list := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
		if err := os.WriteFile(mutated, text, 0o644); err != nil {
			return err
		}
		replace := map[string]map[string]string{
			"Replace": {filepath.Join(l.root, filepath.FromSlash(m.file)): mutated},
		}
		data, err := json.Marshal(replace)
		if err != nil {
			return err
		}
		if err := os.WriteFile(list, data, 0o644); err != nil {
			return err
		}
		overlay += list
	}
	out := dir + string(filepath.Separator)
	for _, args := range [][]string{
		{"test", "-c", "-vet=off", overlay, "-o", out, ".", "./conformance"},
		{"build", overlay, "-o", out, "./conformance/cmd/difftest"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = l.root
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", args[0], err, text)
		}
	}
	return nil
}

// control tries the library as it is: if that fails, catching a mutant means nothing.
func (l *lab) control() error {
	dir := filepath.Join(l.dir, "control")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := l.build(nil, dir); err != nil {
		return err
	}
	if l.live != nil {
		l.findPython(dir)
	}
	r, err := l.run(dir)
	if err != nil {
		return err
	}
	if r.caught() {
		return fmt.Errorf("without any fault the ledger says %q, the recorded traces %q, CPython %q",
			r.ledger, r.replay, r.live)
	}
	return nil
}

// findPython does without CPython if there is none.
func (l *lab) findPython(dir string) {
	cmd := exec.Command(filepath.Join(dir, "difftest"), append(l.live, "-n", "1")...)
	cmd.Dir = l.root
	if text, err := cmd.CombinedOutput(); err != nil && strings.Contains(string(text), exec.ErrNotFound.Error()) {
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
	if err := l.build(m, dir); err != nil {
		return r, err
	}
	return l.run(dir)
}

// run runs what was built.
func (l *lab) run(dir string) (r result, err error) {
	for _, s := range l.ledger {
		if r.ledger, err = l.test(filepath.Join(dir, s.binary), s.dir, s.pattern, firstFailure); err != nil {
			return r, err
		}
		if r.ledger != "" {
			break
		}
	}
	s := l.ledger[0]
	if r.replay, err = l.test(filepath.Join(dir, s.binary), s.dir, "^TestReplay$", l.firstRecord); err != nil {
		return r, err
	}
	if l.live == nil {
		return r, nil
	}
	r.live, err = l.compare(filepath.Join(dir, "difftest"))
	return r, err
}
