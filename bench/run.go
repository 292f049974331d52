package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	targetTime   = 40 * time.Millisecond // what one measurement should take
	tooSlow      = time.Second / 2       // what takes longer is not warmed up each time
	pairTime     = 6 * time.Second       // about what a pair may take in all its rounds
	fewestRounds = 2                     // but it is measured so often
	memoryRounds = 3
	tooMany      = 1_000_000_000 // operations; what is not measurable by then never is
)

// A run measures every workload with every peer, by turns: what two runs that
// follow each other came to does not compare on a noisy machine.
type run struct {
	results
	rounds   int
	ops      map[pair]int // what to ask for; no entry: the pair failed, or was not calibrated
	limit    map[pair]int // in how many rounds the pair is measured
	procs    map[string]*process
	log      io.Writer
	patience time.Duration
}

func newRun(peers []*peer, workloads []workload, rounds int, log io.Writer) *run {
	return &run{
		results:  results{peers: peers, workloads: workloads, all: map[pair]series{}},
		rounds:   rounds,
		ops:      map[pair]int{},
		limit:    map[pair]int{},
		procs:    map[string]*process{},
		log:      log,
		patience: patience,
	}
}

// measureAll calibrates every pair and measures it in its rounds. It ends early
// when the context does.
func (r *run) measureAll(ctx context.Context) error {
	defer r.stop()
	start := time.Now()
	for _, w := range r.workloads {
		fmt.Fprintf(r.log, "calibrating %s\n", w.name())
		for _, p := range r.doing(w) {
			r.calibrate(ctx, w, p)
		}
	}
	fmt.Fprintf(r.log, "calibrated in %v\n", time.Since(start).Round(time.Second))
	for round := range r.rounds {
		for _, w := range r.workloads {
			peers := r.doing(w)
			for i := range peers {
				p := peers[(i+round)%len(peers)]
				if round < r.limit[pair{w.name(), p.name}] {
					r.measure(ctx, w, p, round)
				}
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		fmt.Fprintf(r.log, "round %d of %d done after %v\n", round+1, r.rounds, time.Since(start).Round(time.Second))
	}
	return ctx.Err()
}

// doing returns the peers that do a workload.
func (r *run) doing(w workload) []*peer {
	var some []*peer
	for _, p := range r.peers {
		if p.runs(w) {
			some = append(some, p)
		}
	}
	return some
}

// calibrate finds how many operations take about targetTime, which warms the
// peer up as well, and how often they are to be measured.
func (r *run) calibrate(ctx context.Context, w workload, p *peer) {
	k := pair{w.name(), p.name}
	r.limit[k] = r.rounds
	if w.rounds > 0 {
		r.limit[k] = min(r.rounds, w.rounds)
	}
	if w.ops > 0 || w.size >= large { // which is already too much, or is one pass
		r.ops[k] = max(w.ops, 1)
		return
	}
	for ops := 1; ops < tooMany; {
		start := time.Now()
		a, err := r.once(ctx, w, p, ops, 1)
		if err != nil {
			r.fail(k, err)
			return
		}
		r.hasTaken(k, time.Since(start))
		r.ops[k] = int(a.Ops)
		if a.NS >= float64(targetTime)/2 {
			// Close enough to say what the whole would take.
			r.ops[k] = int(max(a.Ops, min(2*a.Ops, a.Ops*float64(targetTime)/a.NS)))
			return
		}
		ops = max(ops, int(a.Ops)) * int(min(50, max(2, float64(targetTime)/2/max(a.NS, 1))))
	}
}

// measure makes one measurement and keeps it.
func (r *run) measure(ctx context.Context, w workload, p *peer, round int) {
	k := pair{w.name(), p.name}
	start := time.Now()
	a, err := r.once(ctx, w, p, r.ops[k], 2)
	if err != nil {
		r.fail(k, err)
		return
	}
	r.hasTaken(k, time.Since(start))
	m := sample{round: round, value: a.NS / a.Ops, values: a.Values}
	if w.value != "" {
		v, ok := a.Values[w.value]
		if !ok {
			r.fail(k, fmt.Errorf("the answer has no %s", w.value))
			return
		}
		m.value = v
	}
	r.all[k] = append(r.all[k], m)
}

// hasTaken takes rounds from a pair that needs long.
func (r *run) hasTaken(k pair, took time.Duration) {
	r.limit[k] = min(r.limit[k], max(fewestRounds, int(pairTime/took)))
}

// once has so many operations done, in the peer's process or in a new one. What
// counts is the last pass: a process that has been idle while others were measured
// is slow for tens of milliseconds, however warm it had been.
func (r *run) once(ctx context.Context, w workload, p *peer, ops, passes int) (answer, error) {
	if w.base == startup {
		var all time.Duration
		for range ops {
			took, err := timeHello(ctx, p.argv)
			if err != nil {
				return answer{}, err
			}
			all += took
		}
		return answer{NS: float64(all), Ops: float64(ops)}, nil
	}
	return r.ask(ctx, w, p, request{Workload: w.base, Size: w.size, Ops: ops}, passes)
}

// ask starts the peer's process if there is none. One that has died is forgotten,
// so that the next workload starts another.
func (r *run) ask(ctx context.Context, w workload, p *peer, q request, passes int) (answer, error) {
	proc := r.procs[p.name]
	if proc == nil || w.fresh {
		var err error
		if proc, _, err = startProcess(ctx, p.argv, r.patience); err != nil {
			return answer{}, err
		}
	}
	start := time.Now()
	a, err := proc.ask(q)
	for range passes - 1 {
		if err == nil && w.unit() != "bytes" && time.Since(start) < tooSlow {
			a, err = proc.ask(q)
		}
	}
	switch {
	case err != nil && !errors.Is(err, errRefused):
		if !w.fresh {
			delete(r.procs, p.name)
		}
	case w.fresh:
		proc.stop()
	default:
		r.procs[p.name] = proc
	}
	return a, err
}

// fail notes that a pair did not work, and sees to it that it is not tried again.
func (r *run) fail(k pair, err error) {
	r.limit[k] = 0
	delete(r.all, k)
	r.failures = append(r.failures, failure{k, err})
	fmt.Fprintf(r.log, "%s with %s: %v\n", k.workload, k.peer, err)
}

// failed tells whether a measurement of this library went wrong.
func (r *results) failed() bool {
	for _, f := range r.failures {
		if f.peer == ours {
			return true
		}
	}
	return false
}

func (r *run) stop() {
	for _, p := range r.procs {
		p.stop()
	}
}

// choose returns the peers whose names are in a list separated by commas, with
// this library always among them.
func choose(peers []*peer, list string) ([]*peer, error) {
	if list == "" {
		return peers, nil
	}
	wanted := map[string]bool{ours: true}
	for name := range strings.SplitSeq(list, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	var some []*peer
	for _, p := range peers {
		if wanted[p.name] {
			some = append(some, p)
			delete(wanted, p.name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("there is no peer %q", name)
	}
	return some, nil
}
