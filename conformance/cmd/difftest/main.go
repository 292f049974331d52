// Difftest runs random programs on the Go library and on CPython, and compares what
// happens when, line by line:
//
//	go run ./conformance/cmd/difftest -n 20000
//
// A program on which the two differ is made as small as it can be and printed with both
// traces.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/conformance/difftest"
	"github.com/asyncio-go/asyncio/conformance/scenario"
)

func main() {
	var c config
	flag.Uint64Var(&c.n, "n", 20_000, "how many `programs` to run")
	flag.Uint64Var(&c.first, "first", 0, "the `number` of the first program")
	flag.Uint64Var(&c.seed, "seed", 1, "the `seed` of the programs")
	flag.StringVar(&c.pythons, "python", "", "`commands` of the CPythons, with commas; pyodide is the one under node; with :4 behind it\none is given only every fourth hundred (default: all that are there)")
	flag.StringVar(&c.oracle, "oracle", "conformance/oracle", "the `directory` of the oracle")
	flag.IntVar(&c.most, "most", 3, "how many `divergences` to show")
	flag.StringVar(&c.record, "record", "", "the `file` to write the programs and CPython's traces to, compressed")
	flag.StringVar(&c.report, "report", "", "the `file` whose sections of the run and its coverage are to be written")
	flag.StringVar(&c.readme, "readme", "", "the `file` whose figures are to be those of the report")
	flag.IntVar(&c.workers, "workers", runtime.GOMAXPROCS(0), "how many `processes` of each CPython to run")
	flag.Parse()
	if err := c.run(); err != nil {
		fmt.Fprintf(os.Stderr, "difftest: %v\n", err)
		os.Exit(1)
	}
}

type config struct {
	n, first, seed  uint64
	pythons, oracle string
	record, report  string
	readme          string
	most, workers   int
}

// newest is the version that the library follows.
const newest = "3.14"

// progress is after how many programs something is said.
const progress = 50_000

// batch is how many programs an oracle is given at a time.
const batch = 100

func (c *config) run() error {
	pythons, err := c.interpreters()
	if err != nil {
		return err
	}
	if c.record != "" {
		pythons = pythons[:1] // the newest
	}
	s := &summary{ran: map[string]int{}, versions: map[string]*version{}, most: c.most}
	start := time.Now()
	chunks := make(chan uint64)
	errs := make(chan error, c.workers)
	for range c.workers {
		go func() { errs <- c.work(pythons, chunks, s) }()
	}
	go func() {
		defer close(chunks)
		for i := uint64(0); i < c.n; i += batch {
			chunks <- i
		}
	}()
	for range c.workers {
		err = errors.Join(err, <-errs)
		if err != nil {
			return err
		}
	}
	if c.record != "" {
		if err := difftest.WriteRecords(c.record, s.records); err != nil {
			return err
		}
	}
	took := time.Since(start)
	s.print(os.Stdout, c, took)
	if c.report != "" {
		if err := c.writeReport(s, took); err != nil {
			return err
		}
	}
	if n := s.divergences(); n > 0 {
		return fmt.Errorf("%d divergences", n)
	}
	return nil
}

// interpreters returns the CPythons to compare with.
func (c *config) interpreters() ([]string, error) {
	if c.pythons != "" {
		return strings.Split(c.pythons, ","), nil
	}
	var found []string
	versions := map[string]bool{}
	for _, name := range []string{"pyodide", "python3.14", "python3.13", "python3.12", "python3.11", "python3"} {
		if !c.there(name) {
			continue
		}
		o, err := difftest.StartOracle(name, c.oracle, os.Stderr)
		if err != nil {
			return nil, err
		}
		if err := o.Close(); err != nil {
			return nil, err
		}
		minor := strings.Join(strings.Split(o.Version, ".")[:2], ".")
		if !versions[minor] {
			versions[minor] = true
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no CPython from 3.11 on is there: %w", exec.ErrNotFound)
	}
	return found, nil
}

// there reports whether an interpreter can be had, and is not too old.
func (c *config) there(name string) bool {
	if name == "pyodide" {
		_, err := os.Stat(filepath.Join(c.oracle, "node_modules", "pyodide"))
		return err == nil
	}
	return exec.Command(name, "-c", "import sys; sys.exit(sys.version_info < (3, 11))").Run() == nil
}

// work compares the programs of the chunks.
func (c *config) work(pythons []string, chunks <-chan uint64, s *summary) error {
	var oracles []oracle
	for _, name := range pythons {
		name, every, _ := strings.Cut(name, ":")
		o := oracle{every: 1}
		var err error
		if every != "" {
			if o.every, err = strconv.ParseUint(every, 10, 32); err != nil || o.every == 0 {
				return fmt.Errorf("-python %s:%s: want a number after the colon", name, every)
			}
		}
		if o.Oracle, err = difftest.StartOracle(name, c.oracle, os.Stderr); err != nil {
			return err
		}
		defer func() { _ = o.Close() }()
		if c.record != "" && scenario.Older(o.Version, newest) {
			return fmt.Errorf("CPython %s is not what to record: want %s", o.Version, newest)
		}
		oracles = append(oracles, o)
	}
	for first := range chunks {
		if err := c.chunk(oracles, first, s); err != nil {
			return err
		}
	}
	return nil
}

// oracle is one with how many batches it is given.
type oracle struct {
	*difftest.Oracle
	every uint64
}

func (c *config) chunk(oracles []oracle, first uint64, s *summary) error {
	var (
		numbers  []uint64
		programs []*scenario.Program
		texts    [][]byte
		results  []scenario.Result
	)
	for i := first; i < min(first+batch, c.n); i++ {
		text, err := json.Marshal(difftest.Generate(c.seed, c.first+i))
		if err != nil {
			return err
		}
		p, err := scenario.Decode(text) // tests see to it that it is right
		if err != nil {
			return fmt.Errorf("program %d of seed %d: %w\n%s", c.first+i, c.seed, err, text)
		}
		numbers = append(numbers, c.first+i)
		programs = append(programs, p)
		texts = append(texts, text)
		results = append(results, run(p, text))
	}
	s.add(results)
	for _, o := range oracles {
		if first/batch%o.every != 0 {
			s.count(o.Version, func(v *version) { v.passed += len(programs) })
			continue
		}
		beyond := map[string]int{}
		var mine []int
		var ask [][]byte
		for i, p := range programs {
			gates := p.Beyond(o.Version)
			if len(gates) == 0 {
				mine = append(mine, i)
				ask = append(ask, texts[i])
			}
			for _, g := range gates {
				beyond[fmt.Sprintf("%s before %s: %s", strings.Join(g.Has, " and "), g.Since, g.Why)]++
			}
		}
		traces, err := o.Traces(ask)
		if err != nil {
			return err
		}
		for k, i := range mine {
			if c.record != "" {
				s.record(difftest.Record{Number: numbers[i], Program: texts[i], Trace: traces[k]})
			}
			if slices.Equal(traces[k], results[i].Trace) {
				continue
			}
			if s.differs(o.Version) {
				s.show(numbers[i], c.seed, o.Oracle, shrink(programs[i], o.Oracle))
			}
		}
		s.count(o.Version, func(v *version) {
			v.compared += len(mine)
			v.beyond += len(programs) - len(mine)
			for why, n := range beyond {
				v.why[why] += n
			}
		})
	}
	return nil
}

// run runs a program, and ends the process with its text if that takes too long.
func run(p *scenario.Program, text []byte) scenario.Result {
	late := time.AfterFunc(time.Minute, func() {
		fmt.Fprintf(os.Stderr, "difftest: the Go library hangs in\n%s\n", text)
		os.Exit(2)
	})
	defer late.Stop()
	return scenario.Run(p)
}

func shrink(p *scenario.Program, o *difftest.Oracle) *scenario.Program {
	return difftest.Shrink(p, func(p *scenario.Program) bool {
		a, b, err := both(p, o)
		return err == nil && difftest.Comparable(p, o.Version) && !slices.Equal(a, b)
	})
}

func both(p *scenario.Program, o *difftest.Oracle) (goTrace, pyTrace []string, err error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, nil, err
	}
	traces, err := o.Traces([][]byte{text})
	if err != nil {
		return nil, nil, err
	}
	return run(p, text).Trace, traces[0], nil
}

// summary is what has been seen.
type summary struct {
	mu       sync.Mutex
	programs int
	lines    int
	ran      map[string]int // operations
	versions map[string]*version
	shown    int
	most     int
	records  []difftest.Record
}

// version is what has been seen of one CPython.
type version struct {
	compared, differ int
	beyond           int            // programs that it need not run as the newest does
	why              map[string]int // of how many of them; some have several reasons
	passed           int            // programs that it was not given
}

func (s *summary) record(r difftest.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, r)
}

func (s *summary) add(results []scenario.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.programs + len(results); c/progress > s.programs/progress {
		fmt.Fprintf(os.Stderr, "%d programs\n", c/progress*progress)
	}
	for _, r := range results {
		s.programs++
		s.lines += len(r.Trace)
		for name, n := range r.Ran {
			s.ran[name] += n
		}
	}
}

// count notes something of a version.
func (s *summary) count(name string, note func(*version)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.versions[name]
	if v == nil {
		v = &version{why: map[string]int{}}
		s.versions[name] = v
	}
	note(v)
}

// differs notes a divergence, and reports whether to show it.
func (s *summary) differs(name string) (show bool) {
	s.count(name, func(v *version) {
		v.differ++
		show = s.shown < s.most
		if show {
			s.shown++
		}
	})
	return show
}

func (s *summary) divergences() (n int) {
	for _, v := range s.versions {
		n += v.differ
	}
	return n
}

func (s *summary) show(number, seed uint64, o *difftest.Oracle, p *scenario.Program) {
	a, b, err := both(p, o)
	if err != nil {
		b = []string{err.Error()}
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(p) // it was parsed
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Printf("program %d of seed %d differs; made small:\n%s%s\n", number, seed, text.String(),
		difftest.SideBySide("Go", "CPython "+o.Version, a, b))
}

func (s *summary) print(w io.Writer, c *config, took time.Duration) {
	total := 0
	for _, n := range s.ran {
		total += n
	}
	fmt.Fprintf(w, "programs     %d, from %d of seed %d\n", s.programs, c.first, c.seed)
	fmt.Fprintf(w, "operations   %d\n", total)
	fmt.Fprintf(w, "trace lines  %d\n", s.lines)
	fmt.Fprintf(w, "time         %v\n", took.Round(time.Second))
	for _, name := range slices.Sorted(maps.Keys(s.versions)) {
		v := s.versions[name]
		fmt.Fprintf(w, "CPython %-8s %d compared, %d divergences\n", name, v.compared, v.differ)
		if v.passed > 0 {
			fmt.Fprintf(w, "  %d not given to it\n", v.passed)
		}
		if v.beyond == 0 {
			continue
		}
		fmt.Fprintf(w, "  %d cannot be compared there, for one reason or more:\n", v.beyond)
		for _, why := range slices.SortedFunc(maps.Keys(v.why), func(a, b string) int {
			return cmp.Or(v.why[b]-v.why[a], strings.Compare(a, b))
		}) {
			fmt.Fprintf(w, "  %8d have %s\n", v.why[why], why)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.ran)) {
		fmt.Fprintf(w, "  %-20s %d\n", name, s.ran[name])
	}
}
