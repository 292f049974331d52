package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio/asynciotest/corpus"
)

func TestReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.md")
	w := wants{seeds: 1, schedules: 2000, within: time.Minute, fixed: 20, repeats: 2, cost: 20}
	if err := run(w, file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range corpus.Bugs {
		if n := strings.Count(string(text), "\n| "+b.Name+" |"); n != 4 {
			t.Errorf("%q has %d lines, want one in each of four tables", b.Name, n)
		}
	}
}

func TestBugThatIsNotFoundIsAnError(t *testing.T) {
	w := wants{seeds: 1, schedules: 1, within: time.Minute, fixed: 1, repeats: 1, cost: 1}
	err := run(w, "")
	if err == nil || !strings.Contains(err.Error(), "ABA: exhaustive misses it with 1 of 1 seeds") {
		t.Errorf("the first schedule of exhaustive is the loop's own, in which no bug shows, yet: %v", err)
	}
}
