package main

import "fmt"

// A relation is what a goal asks of this library's figure and a peer's.
type relation int

const (
	timesSlower relation = iota // the peer takes at least want times as much as we do
	slower                      // the peer takes more than want times as much
	within                      // we take at most want times as much as the peer
	below                       // we take at most want, in the workload's unit
	flat                        // our cost grows to at most want times that of the smallest size
)

// A goal is something that this library means to reach.
type goal struct {
	workload string // ours
	relation relation
	peer     string // and the peer's
	want     float64
	than     string // the peer's workload, where it is another one
}

// goals returns them all. What asks for a comparison with the floor of switch/2
// asks for it at other sizes too: a bare round trip is what a switch costs at
// least, whatever the caches make of a thousand coroutines.
func goals() []goal {
	return []goal{
		{workload: "spawn_await", relation: timesSlower, peer: "tokio-ct", want: 4},
		{workload: "spawn_await", relation: timesSlower, peer: "goroutines", want: 5},
		{workload: "spawn_await", relation: timesSlower, peer: "python-asyncio", want: 60},
		{workload: "spawn_gather/1000", relation: timesSlower, peer: "tokio-ct", want: 2},
		{workload: "spawn_gather/1000", relation: timesSlower, peer: "goroutines", want: 2},
		{workload: "spawn_gather/1000", relation: timesSlower, peer: "python-asyncio", want: 40},
		{workload: scaling, relation: flat, want: 1.5},
		{workload: "switch/2", relation: within, peer: floor, want: 1.25},
		{workload: "switch/1000", relation: within, peer: floor, want: 1.5, than: "switch/2"},
		{workload: "switch/2", relation: slower, peer: "goroutines", want: 1},
		{workload: "switch/1000", relation: slower, peer: "goroutines", want: 1},
		{workload: "switch/2", relation: timesSlower, peer: "python-asyncio", want: 12},
		{workload: "switch/1000", relation: timesSlower, peer: "python-asyncio", want: 12},
		{workload: "queue/1", relation: slower, peer: "tokio-ct", want: 1},
		{workload: "queue/1", relation: slower, peer: "goroutines", want: 1, than: "queue_unbuffered"},
		{workload: "queue/1", relation: timesSlower, peer: "python-asyncio", want: 25},
		{workload: "sleep_cancel", relation: timesSlower, peer: "tokio-ct", want: 1},
		{workload: "sleep_cancel", relation: timesSlower, peer: "python-asyncio", want: 14},
		{workload: "timeout", relation: within, peer: "goroutines", want: 0.5},
		{workload: "go_batch/1000", relation: within, peer: "errgroup", want: 1.3},
		{workload: "mem_suspended/100000", relation: within, peer: "goroutines", want: 1.1},
		{workload: "mem_finished/100000", relation: below, want: 200},
	}
}

// asks says what a goal asks, given what the peer is called.
func (g goal) asks(peer, unit string) string {
	if g.than != "" {
		peer += " in " + g.than
	}
	switch g.relation {
	case timesSlower:
		return fmt.Sprintf("%s ÷ this library ≥ %v", peer, g.want)
	case slower:
		return fmt.Sprintf("%s ÷ this library > %v", peer, g.want)
	case within:
		return fmt.Sprintf("this library ÷ %s ≤ %v", peer, g.want)
	case below:
		return fmt.Sprintf("this library ≤ %v %s", g.want, unit)
	case flat:
		return fmt.Sprintf("each size ÷ the smallest ≤ %v", g.want)
	}
	panic("a relation that nobody has described")
}

// A verdict is what came of a goal.
type verdict struct {
	goal
	measured bool
	met      bool
	ratio    ratio
	about    workload // the workload of ours to look into
}

// judge holds a goal against what was measured.
func (r *results) judge(g goal) verdict {
	v := verdict{goal: g}
	named := func(name string) series { return r.all[pair{name, ours}] }
	for _, w := range workloads() {
		if w.name() == g.workload {
			v.about = w
		}
	}
	than := g.than
	if than == "" {
		than = g.workload
	}
	peer := r.all[pair{than, g.peer}]
	switch g.relation {
	case timesSlower:
		v.ratio, v.measured = compare(peer, named(g.workload))
		v.met = v.ratio.paired >= g.want
	case slower:
		v.ratio, v.measured = compare(peer, named(g.workload))
		v.met = v.ratio.paired > g.want
	case within:
		v.ratio, v.measured = compare(named(g.workload), peer)
		v.met = v.ratio.paired <= g.want
	case below:
		if s := named(g.workload); len(s) > 0 {
			v.measured = true
			v.ratio = ratio{s.median(), s.median()}
			v.met = v.ratio.paired <= g.want
		}
	case flat:
		v.about, v.ratio, v.measured = r.steepest(g.workload)
		v.met = v.ratio.paired <= g.want
	}
	v.met = v.met && v.measured
	return v
}

// steepest returns the size of a workload at which an operation of ours costs
// most, compared with the smallest size.
func (r *results) steepest(base string) (at workload, worst ratio, ok bool) {
	var least series
	for _, w := range r.workloads {
		s := r.all[pair{w.name(), ours}]
		switch {
		case w.base != base || len(s) == 0:
		case least == nil:
			least = s
		default:
			if q, both := compare(s, least); both && q.paired > worst.paired {
				at, worst, ok = w, q, true
			}
		}
	}
	return at, worst, ok
}
