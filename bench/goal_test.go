package main

import (
	"strings"
	"testing"
)

// made returns made-up results: ours takes 100 ns in everything.
func made() *results {
	r := &results{
		peers: []*peer{
			{name: ours, title: "this library", family: familyOurs, source: "internal/worker/ours", version: "1.0"},
			{name: floor, title: "floor", family: familyFloor},
			{name: "goroutines", title: "goroutines", family: familyGo},
			{name: "tokio-ct", title: "tokio", family: familyRust},
		},
		all: map[pair]series{},
	}
	for _, w := range workloads() {
		switch w.name() {
		case "spawn_await", "switch/2", "switch/1000", "spawn_gather/100", "spawn_gather/1000", "mem_finished/100000":
			r.workloads = append(r.workloads, w)
			r.all[pair{w.name(), ours}] = rounds(100, 100, 100)
		case "queue_unbuffered": // which this library has no equal of
			r.workloads = append(r.workloads, w)
			r.all[pair{w.name(), "goroutines"}] = rounds(70, 80)
		}
	}
	return r
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		goal  goal
		peer  series
		state string
	}{
		{goal{workload: "spawn_await", relation: timesSlower, peer: "tokio-ct", want: 4}, rounds(400, 400, 400), "met"},
		{goal{workload: "spawn_await", relation: timesSlower, peer: "tokio-ct", want: 4}, rounds(399, 399, 900), "not met"},
		{goal{workload: "spawn_await", relation: timesSlower, peer: "tokio-ct", want: 4}, nil, "not measured"},
		{goal{workload: "switch/2", relation: slower, peer: "goroutines", want: 1}, rounds(100), "not met"},
		{goal{workload: "switch/2", relation: slower, peer: "goroutines", want: 1}, rounds(101), "met"},
		{goal{workload: "switch/2", relation: within, peer: floor, want: 1.25}, rounds(80), "met"},
		{goal{workload: "switch/2", relation: within, peer: floor, want: 1.25}, rounds(79), "not met"},
		{goal{workload: "switch/1000", relation: within, peer: floor, want: 1.5, than: "switch/2"}, rounds(50), "not met"},
		{goal{workload: "mem_finished/100000", relation: below, want: 100}, nil, "met"},
		{goal{workload: "mem_finished/100000", relation: below, want: 99}, nil, "not met"},
		{goal{workload: "no such thing", relation: below, want: 99}, nil, "not measured"},
	} {
		r := made()
		than := c.goal.than
		if than == "" {
			than = c.goal.workload
		}
		if c.peer != nil {
			r.all[pair{than, c.goal.peer}] = c.peer
		}
		if v := r.judge(c.goal); v.state() != c.state {
			t.Errorf("%+v against %v is %s, want %s", c.goal, c.peer, v.state(), c.state)
		}
	}
}

func TestJudgeScaling(t *testing.T) {
	r := made()
	g := goal{workload: scaling, relation: flat, want: 1.5}
	r.all[pair{"spawn_gather/1000", ours}] = rounds(140, 160, 150)
	if v := r.judge(g); v.state() != "met" || v.about.name() != "spawn_gather/1000" || v.ratio.paired != 1.5 {
		t.Errorf("%+v", v)
	}
	r.all[pair{"spawn_gather/1000", ours}] = rounds(151, 151)
	if v := r.judge(g); v.state() != "not met" {
		t.Errorf("%+v", v)
	}
}

// A goal about something that nobody measures would never be missed.
func TestGoalsAreAboutWorkloadsAndPeersThatExist(t *testing.T) {
	names := map[string]bool{scaling: true}
	for _, w := range workloads() {
		names[w.name()] = true
	}
	peers := map[string]bool{"": true}
	for _, p := range allPeers("") {
		peers[p.name] = true
	}
	for _, g := range goals() {
		if !names[g.workload] || g.than != "" && !names[g.than] || !peers[g.peer] {
			t.Errorf("%+v", g)
		}
		if said := g.asks("somebody", "ns"); strings.Contains(said, "%!") {
			t.Error(said)
		}
	}
}
