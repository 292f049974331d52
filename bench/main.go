// Command bench measures this library and its peers by turns, says what each
// costs, and writes RESULTS.md and its plots. From the root of the repository:
//
//	go run -C bench .
//
// The peers are bare goroutines and pools of them, the floor that this library
// stands on, and asyncio, uvloop, trio, node and tokio where they are installed.
// Each is a process that does the workloads in its own terms: internal/worker has
// those in Go, peers the others. All of it is in a module of its own, so that
// what it compares with never becomes a dependency of asyncio.
//
// The benchmarks of go test in this package hold some things against their floor
// that have no equal elsewhere:
//
//	go test -run '^$' -bench . -benchmem
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
)

// errOurs makes for a bad exit status: this library did not do what it should.
var errOurs = errors.New("a workload failed with this library")

// options are the flags.
type options struct {
	rounds  int
	only    string
	peers   string
	quick   bool
	out     string
	nothing bool
}

// partial tells whether some of what there is to measure is left out.
func (o options) partial() bool { return o.quick || o.only != "" || o.peers != "" }

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 7, "measure everything `N` times")
	flag.StringVar(&o.only, "only", "", "only the workloads whose name and size match `REGEXP`")
	flag.StringVar(&o.peers, "peers", "", "only these peers, and this library: a `LIST` with commas")
	flag.BoolVar(&o.quick, "quick", false, "three rounds, and no size above 100,000")
	flag.StringVar(&o.out, "out", "", "write RESULTS.md and the plots into `DIR`, not beside the source;\nwithout it, a run that leaves something out writes none")
	flag.BoolVar(&o.nothing, "n", false, "write no files")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := bench(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench does what the options say.
func bench(ctx context.Context, o options) error {
	dir, err := sourceDir()
	if err != nil {
		return err
	}
	chosen, err := chooseWorkloads(o)
	if err != nil {
		return err
	}
	if o.quick {
		o.rounds = min(o.rounds, 3)
	}
	temp, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	worker, err := buildWorker(ctx, dir, temp)
	if err != nil {
		return err
	}
	peers, err := choose(allPeers(worker), o.peers)
	if err != nil {
		return err
	}
	peers, missing := findPeers(ctx, dir, peers)
	for _, m := range missing {
		fmt.Fprintln(os.Stderr, "left out:", m)
	}

	r := newRun(peers, chosen, o.rounds, os.Stderr)
	if err = r.measureAll(ctx); err != nil {
		return err
	}
	var verdicts []verdict
	for _, g := range goals() {
		verdicts = append(verdicts, r.judge(g))
	}
	if err = r.printTables(os.Stdout); err != nil {
		return err
	}
	if err = r.printGoals(os.Stdout, verdicts); err != nil {
		return err
	}
	if !o.nothing && (o.out != "" || !o.partial()) {
		rep := &report{results: &r.results, machine: thisMachine(dir), dir: dir, command: command(), rounds: o.rounds,
			missing: missing, verdicts: verdicts, profiles: r.profiles(ctx, verdicts, temp)}
		if err = rep.write(o.out); err != nil {
			return err
		}
	}
	if r.failed() {
		return errOurs
	}
	return nil
}

// write writes RESULTS.md and the plots into a directory, or beside the source.
func (r *report) write(into string) error {
	if into == "" {
		into = r.dir
	}
	charts, made := r.plots()
	r.charts = charts
	if err := writePlots(filepath.Join(into, "plots"), made); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(into, "RESULTS.md"), []byte(r.markdown()), 0o644)
}

// chooseWorkloads returns the workloads that the options ask for.
func chooseWorkloads(o options) ([]workload, error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, err
	}
	var some []workload
	for _, w := range workloads() {
		if only.MatchString(w.name()) && (!o.quick || w.size <= 100_000) {
			some = append(some, w)
		}
	}
	if some == nil {
		return nil, fmt.Errorf("no workload matches %q", o.only)
	}
	return some, nil
}

// command is how this run was started, as far as another person can repeat it.
func command() string {
	args := []string{"go run -C bench ."}
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "out" {
			args = append(args, fmt.Sprintf("-%s=%s", f.Name, f.Value))
		}
	})
	return strings.Join(args, " ")
}
