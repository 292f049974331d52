package coro

import (
	"runtime"
	"strings"
	"testing"
)

func BenchmarkResumeSuspend(b *testing.B) {
	var c Coro
	c.Init(func() {
		for {
			c.Suspend()
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		c.Resume()
	}
	c.Unwind()
}

func BenchmarkIs(b *testing.B) {
	g := G()
	for b.Loop() {
		if !Is(&g) {
			b.Fatal("not me")
		}
	}
}

func TestGoexitDoesNotReachTheResumer(t *testing.T) {
	before := runtime.NumGoroutine()
	var c Coro
	unwound := false
	c.Init(func() {
		defer func() { unwound = true }()
		runtime.Goexit()
	})
	c.Resume()
	c.LetGo()
	if !unwound || c.State() != Done {
		t.Fatalf("unwound %v, state %v", unwound, c.State())
	}
	// The goroutine ends by itself once control was handed back.
	for runtime.NumGoroutine() > before {
		runtime.Gosched()
	}
}

func TestUnwindRunsDefersOnly(t *testing.T) {
	var c Coro
	var got []string
	c.Init(func() {
		defer func() { got = append(got, "defer") }()
		c.Suspend()
		c.Answer()
		got = append(got, "after")
	})
	c.Resume()
	c.Unwind()
	if len(got) != 1 || got[0] != "defer" {
		t.Fatal(got)
	}
	if c.State() != Done {
		t.Fatal(c.State())
	}
}

func TestPanicIsReraisedByResume(t *testing.T) {
	var c Coro
	c.Init(func() { panic("boom") })
	defer func() {
		if v := recover(); v != "boom" {
			t.Fatalf("recovered %v", v)
		}
	}()
	c.Resume()
	t.Fatal("Resume returned")
}

func TestStackOfAnotherGoroutine(t *testing.T) {
	at, release := make(chan uintptr), make(chan struct{})
	done := make(chan struct{})
	go waitHere(at, release, done)
	g := <-at
	var names []string
	for _, f := range StackOf(g) {
		names = append(names, f.Function)
		if f.Line == 0 || f.File == "" {
			t.Errorf("frame without a place: %+v", f)
		}
	}
	close(release)
	<-done
	if !strings.Contains(strings.Join(names, " "), "coro.waitHere") {
		t.Fatal(names)
	}
}

func waitHere(at chan uintptr, release, done chan struct{}) {
	defer close(done)
	at <- G()
	<-release
}
