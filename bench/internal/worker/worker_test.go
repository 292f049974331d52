package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryWorkload does everything with every peer, at a size that takes no time.
func TestEveryWorkload(t *testing.T) {
	values := map[string]string{
		"wake": "p50 p99", "mem_suspended": "bytes heap stack", "mem_finished": "bytes heap stack", "mem_timer": "bytes heap stack",
	}
	for _, p := range peers() {
		for name := range p.workloads {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				answers := ask(t, p, fmt.Sprintf(`{"workload":%q,"size":20,"ops":50}`, name))
				a := answers[0]
				if a.Error != "" || a.NS <= 0 || a.Ops <= 0 {
					t.Fatalf("answer %+v", a)
				}
				if !strings.HasPrefix(name, "mem_") && a.Ops < 50 {
					t.Errorf("%d operations instead of 50", a.Ops)
				}
				for want := range strings.FieldsSeq(values[name]) {
					if _, ok := a.Values[want]; !ok {
						t.Errorf("no %s in %v", want, a.Values)
					}
				}
			})
		}
	}
}

func TestProtocol(t *testing.T) {
	ours := peers()[0]
	profile := filepath.Join(t.TempDir(), "cpu.pprof")
	answers := ask(t, ours,
		`{"workload":"nothing","ops":1}`,
		`{"workload":`,
		fmt.Sprintf(`{"workload":"spawn_await","ops":7,"profile":%q}`, profile),
		fmt.Sprintf(`{"workload":"spawn_await","ops":7,"profile":%q}`, filepath.Join(profile, "no directory")))
	for i, failed := range []bool{true, true, false, true} {
		if (answers[i].Error != "") != failed {
			t.Errorf("answer %d: %+v", i, answers[i])
		}
	}
	if file, err := os.Stat(profile); err != nil || file.Size() == 0 {
		t.Errorf("profile: %v, %v", file, err)
	}
}

func TestPeers(t *testing.T) {
	want := []string{"asyncio", "goroutines", "errgroup", "conc", "pond", "ants", "floor"}
	if got := Peers(); !slices.Equal(got, want) {
		t.Errorf("peers %v, want %v", got, want)
	}
	for _, name := range []string{"nobody", "floor"} {
		if err := Main(name, true); err == nil {
			t.Errorf("%s has said hello", name)
		}
	}
}

type answer struct {
	NS, Ops int
	Values  map[string]float64
	Error   string
}

// ask has a peer answer requests, and checks how it introduces itself.
func ask(t *testing.T, p peer, requests ...string) []answer {
	t.Helper()
	var out bytes.Buffer
	if err := p.serve(strings.NewReader(strings.Join(requests, "\n")+"\n"), &out); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(&out)
	var ready struct {
		Peer, Version string
		Workloads     []string
	}
	if err := lines.Decode(&ready); err != nil {
		t.Fatal(err)
	}
	if ready.Peer != p.name || ready.Version == "" || len(ready.Workloads) != len(p.workloads) {
		t.Errorf("introduced as %+v", ready)
	}
	var answers []answer
	for {
		var a answer
		err := lines.Decode(&a)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(answers), len(requests))
	}
	return answers
}
