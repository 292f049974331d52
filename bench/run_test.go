package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestMain is a worker too: started as "fake", it answers in every way that a
// worker may.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "fake" {
		fakeWorker()
		return
	}
	os.Exit(m.Run())
}

// fakeWorker has operations that take 1000 ns and come in hundreds.
func fakeWorker() {
	if os.Args[len(os.Args)-1] == "--hello" {
		fmt.Println("hello")
		return
	}
	fmt.Println(`{"peer":"fake","version":"fake 1.0","workloads":["steady","memory","instant","refused","deadly","silent"]}`)
	requests := bufio.NewScanner(os.Stdin)
	for requests.Scan() {
		var q request
		if err := json.Unmarshal(requests.Bytes(), &q); err != nil {
			fmt.Println(`{"error":"what was that?"}`)
			continue
		}
		switch q.Workload {
		case "steady":
			ops := (q.Ops + 99) / 100 * 100
			fmt.Printf(`{"ns":%d,"ops":%d}`+"\n", ops*1000, ops)
		case "memory":
			fmt.Printf(`{"ns":1,"ops":1,"values":{"bytes":512,"pid":%d}}`+"\n", os.Getpid())
		case "instant":
			fmt.Println(`{"ns":1,"ops":1}`)
		case "refused":
			fmt.Println(`{"error":"not today"}`)
		case "deadly":
			os.Exit(3)
		case "silent":
			for requests.Scan() { // says nothing for as long as it is asked
			}
		}
	}
}

func fakePeer(t *testing.T, name string) *peer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &peer{
		name: name, title: name, hello: true, argv: []string{self, "fake"},
		bases: []string{"steady", "memory", "instant", "refused", "deadly", "silent"},
	}
}

func TestRunMeasuresAndSurvivesBadWorkers(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0") // or each worker takes a second to end
	steady := workload{base: "steady", size: 100}
	again := workload{base: "steady", size: 7, fresh: true}
	memory := workload{base: "memory", size: large, value: "bytes", rounds: 2, fresh: true}
	peers := []*peer{fakePeer(t, ours), fakePeer(t, "goroutines")}
	r := newRun(peers, []workload{
		steady, {base: "instant"}, {base: "refused"}, {base: "deadly"}, {base: "silent"}, memory, again, {base: startup, ops: 2}, {base: "nobody's"},
	}, 3, io.Discard)
	r.patience = 300 * time.Millisecond
	if err := r.measureAll(t.Context()); err != nil {
		t.Fatal(err)
	}

	for _, w := range []workload{steady, again} {
		s := r.all[pair{w.name(), ours}]
		if len(s) != 3 || s.median() != 1000 {
			t.Errorf("%s: %v", w.name(), s)
		}
	}
	if ops := r.ops[pair{steady.name(), ours}]; ops != int(targetTime)/1000 {
		t.Errorf("calibrated to %d operations", ops)
	}

	pids := map[float64]bool{}
	s := r.all[pair{memory.name(), ours}]
	for _, m := range s {
		pids[m.values["pid"]] = true
	}
	if len(s) != 2 || len(pids) != 2 || s.median() != 512 {
		t.Errorf("memory is to be measured in a fresh process in each of two rounds: %v", s)
	}
	if s := r.all[pair{startup, ours}]; len(s) < fewestRounds || s.median() <= 0 {
		t.Errorf("startup: %v", s)
	}

	var failed []string
	for _, f := range r.failures {
		if f.peer == ours {
			failed = append(failed, f.workload)
		}
	}
	if want := []string{"refused", "deadly", "silent"}; !reflect.DeepEqual(failed, want) {
		t.Errorf("failures %v, want %v", failed, want)
	}
	if !errors.Is(r.failures[0].err, errRefused) {
		t.Errorf("an error that the worker told: %v", r.failures[0].err)
	}
	if !r.failed() {
		t.Error("this library failed, and nobody is told")
	}
}

func TestChoose(t *testing.T) {
	all := []*peer{{name: ours}, {name: "node"}, {name: "trio"}}
	some, err := choose(all, "trio")
	if err != nil || len(some) != 2 || some[0].name != ours || some[1].name != "trio" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := choose(all, "trio,pony"); err == nil || !strings.Contains(err.Error(), "pony") {
		t.Errorf("a peer that does not exist: %v", err)
	}
}
