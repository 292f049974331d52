package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/asyncio-go/asyncio/conformance/difftest"
	"github.com/asyncio-go/asyncio/conformance/scenario"
)

// recorder gives stories the traces that a CPython has of their programs.
type recorder struct {
	python, oracle string
	check          bool // that they have them, instead
}

func (r *recorder) files(names []string) error {
	o, err := difftest.StartOracle(r.python, r.oracle, os.Stderr)
	if err != nil {
		return err
	}
	n := 0
	for _, name := range names {
		if err = r.file(o, name, &n); err != nil {
			break
		}
	}
	if err == nil {
		fmt.Printf("%d stories, as on CPython %s\n", n, o.Version)
	}
	return errors.Join(err, o.Close())
}

func (r *recorder) file(o *difftest.Oracle, name string, n *int) error {
	stories, err := scenario.ReadStories(name)
	if err != nil {
		return err
	}
	*n += len(stories.All)
	var programs [][]byte
	for _, s := range stories.All {
		if gates := s.Program.Beyond(o.Version); len(gates) > 0 {
			return fmt.Errorf("%s: %s: not on CPython %s: %s", name, s.Name, o.Version, gates[0].Why)
		}
		programs = append(programs, s.JSON)
	}
	traces, err := o.Traces(programs)
	if err != nil {
		return err
	}
	for i, s := range stories.All {
		if r.check && !slices.Equal(s.Trace, traces[i]) {
			return fmt.Errorf("%s: %s:\n%s", name, s.Name, difftest.SideBySide("recorded", "CPython "+o.Version, s.Trace, traces[i]))
		}
		s.Trace = traces[i]
	}
	text := stories.String()
	again, err := scenario.ParseStories(text)
	if err != nil {
		return fmt.Errorf("%s: as written: %w", name, err)
	}
	for i, s := range again.All {
		if !slices.Equal(s.Trace, traces[i]) {
			return fmt.Errorf("%s: %s: a text with \"; \" in it does not come back", name, s.Name)
		}
	}
	if r.check {
		return nil
	}
	return os.WriteFile(name, []byte(text), 0o644)
}
