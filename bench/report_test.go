package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.00", 0.00123: "0.0012", 0.1: "0.10", 0.456: "0.46", 9.994: "9.99", 9.996: "10.0", 99.96: "100", 999.4: "999", 999.6: "1,000", 1234567.8: "1,234,568",
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v) is %q, want %q", v, got, want)
		}
	}
}

func TestCompared(t *testing.T) {
	for _, c := range []struct {
		times float64
		unit  string
		want  string
	}{
		{4.25, "ns", "4.25 × slower"},
		{0.5, "ns", "2.00 × faster"},
		{3, "bytes", "3.00 × larger"},
		{0.25, "bytes", "4.00 × smaller"},
		{1.001, "ns", "the same"},
		{0.999, "ns", "the same"},
	} {
		if got := compared(c.times, c.unit); got != c.want {
			t.Errorf("compared(%v, %s) is %q, want %q", c.times, c.unit, got, c.want)
		}
	}
}

// madeReport is of made-up results with a peer that wins, one that loses, and
// goals of every outcome.
func madeReport(t *testing.T) *report {
	t.Helper()
	r := made()
	r.all[pair{"spawn_await", "goroutines"}] = rounds(50, 50, 50)
	r.all[pair{"spawn_await", "tokio-ct"}] = rounds(450, 450, 450)
	r.all[pair{"switch/1000", "goroutines"}] = rounds(250, 250, 250)
	r.all[pair{"switch/2", floor}] = rounds(40, 40, 40)
	r.all[pair{"mem_finished/100000", ours}] = series{{value: 300, values: map[string]float64{"bytes": 300, "stack": 77}}}
	r.failures = []failure{{pair{"switch/2", "tokio-ct"}, os.ErrDeadlineExceeded}}
	var verdicts []verdict
	for _, g := range goals() {
		verdicts = append(verdicts, r.judge(g))
	}
	return &report{
		results: r, machine: machine{cpu: "a CPU"}, dir: t.TempDir(), command: "go run -C bench .", rounds: 3,
		missing: []string{"trio: no such python (apt-get install python3-trio)"}, verdicts: verdicts,
		profiles: map[string]string{"switch/2": "flat flat%"},
	}
}

func TestMarkdown(t *testing.T) {
	text := madeReport(t).markdown()
	for _, want := range []string{
		"| CPU | a CPU |",
		"Not on this machine: trio: no such python (apt-get install python3-trio)",
		"| spawn_await | tokio ÷ this library ≥ 4 | 4.50 | 4.50 | met |",
		"| spawn_await | goroutines ÷ this library ≥ 5 | 0.50 | 0.50 | **not met** |",
		"| queue/1 | tokio ÷ this library > 1 | – | – | **not measured** |",
		"| spawn_await | 100 ns | goroutines: 2.00 × faster |",
		"| switch/1000 | 100 ns | goroutines: 2.50 × slower |",
		"| switch/1000 |  | 2.50 |  |",
		"| this library | 100 ns | 100 ns (1.00 ×) |",
		"### Where switch/2 goes\n\n```text\nflat flat%\n```",
		"| stack | 77.0 |",
		"- switch/2 with tokio-ct: i/o timeout",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("RESULTS.md lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestTablesAreTheSameEachTime(t *testing.T) {
	r := madeReport(t)
	var once, twice bytes.Buffer
	for _, b := range []*bytes.Buffer{&once, &twice} {
		if err := r.printTables(b); err != nil {
			t.Fatal(err)
		}
		if err := r.printGoals(b, r.verdicts); err != nil {
			t.Fatal(err)
		}
		b.WriteString(r.markdown())
	}
	if once.String() != twice.String() {
		t.Error("two reports on the same results differ")
	}
}

func TestWriteDrawsThePlots(t *testing.T) {
	r := madeReport(t)
	into := t.TempDir()
	if err := r.write(into); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"plots/tasks.svg":        "goroutines",
		"plots/switching.svg":    "2.50 ×",
		"plots/spawn_gather.svg": "this library",
		"RESULTS.md":             "![tasks](plots/tasks.svg)",
	} {
		text, err := os.ReadFile(filepath.Join(into, file))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q", file, want)
		}
	}
}

func TestTrimProfile(t *testing.T) {
	got := trimProfile("File: worker\nTime: 2026-01-01\nShowing nodes accounting for 1s\n  flat  \n")
	if want := "Showing nodes accounting for 1s\n  flat"; got != want {
		t.Errorf("%q", got)
	}
}
