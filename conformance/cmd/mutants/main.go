// Mutants puts faults into the library, one at a time, and sees whether the proof finds
// them: the tests that the ledger names, the recorded traces, and programs that are run
// on the library and on CPython:
//
//	go run ./conformance/cmd/mutants
//
// What those cannot see, of the library's edges, is tried by the tests that guard it, which
// the mutant names.
//
// A fault is put in by an overlay of the build; the files stay as they are. First
// everything is run without one, which must find nothing.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

func main() {
	var c config
	flag.StringVar(&c.run, "run", "", "try only the mutants whose names match the `regexp`")
	flag.StringVar(&c.reportFile, "report", "", "the `file` whose section of the mutants is to be written")
	flag.BoolVar(&c.quick, "quick", false, "do not run CPython")
	flag.Uint64Var(&c.programs, "n", 3000, "how many `programs` to run on CPython")
	flag.StringVar(&c.pythons, "python", "", "`commands` of the CPythons, as for difftest")
	flag.DurationVar(&c.timeout, "timeout", 3*time.Minute, "after what `time` each of the runs counts as hanging")
	flag.IntVar(&c.workers, "workers", max(1, runtime.GOMAXPROCS(0)/2), "how many `mutants` to try at a time")
	flag.Parse()
	if err := c.main(); err != nil {
		fmt.Fprintf(os.Stderr, "mutants: %v\n", err)
		os.Exit(1)
	}
}

type config struct {
	run, reportFile string
	quick           bool
	programs        uint64
	pythons         string
	timeout         time.Duration
	workers         int
}

func (c *config) main() (err error) {
	chosen, err := c.chosen()
	if err != nil {
		return err
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l, err := newLab(c, root, dir)
	if err != nil {
		return err
	}
	if err := l.control(chosen); err != nil {
		return err
	}
	return c.report(chosen, l.tryAll(chosen, c.workers))
}

func (c *config) chosen() (chosen []mutant, err error) {
	re, err := regexp.Compile(c.run)
	if err != nil {
		return nil, err
	}
	for _, m := range mutants() {
		if re.MatchString(m.name) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no mutant matches %s", c.run)
	}
	return chosen, nil
}

// moduleRoot is where the go.mod is.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
