package coro

import (
	"runtime"
	"strings"
	"testing"
)

// body is a coroutine that runs a function.
type body struct {
	Coro
	f func()
}

func (b *body) Coroutine() *Coro { return &b.Coro }
func (b *body) Main()            { b.f() }

func start(f func(b *body)) *body {
	b := &body{}
	b.f = func() { f(b) }
	Init(b)
	return b
}

func BenchmarkResumeSuspend(b *testing.B) {
	c := start(func(c *body) {
		for !c.Asked {
			c.Suspend()
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		c.Resume()
	}
	c.Asked = true
	c.Resume()
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
	unwound := false
	c := start(func(*body) {
		defer func() { unwound = true }()
		runtime.Goexit()
	})
	resumeExited(t, c)
	if !unwound || c.State() != Done {
		t.Fatalf("unwound %v, state %v", unwound, c.State())
	}
	// The goroutine ends by itself once control was handed back.
	for runtime.NumGoroutine() > before {
		runtime.Gosched()
	}
}

func TestUnwindRunsDefersOnly(t *testing.T) {
	var got []string
	c := start(func(c *body) {
		defer func() { got = append(got, "defer") }()
		c.Suspend()
		if c.Asked {
			runtime.Goexit()
		}
		got = append(got, "after")
	})
	c.Resume()
	c.Asked = true
	resumeExited(t, c)
	if len(got) != 1 || got[0] != "defer" {
		t.Fatal(got)
	}
	if c.State() != Done {
		t.Fatal(c.State())
	}
}

// resumeExited resumes a coroutine that is to call Goexit.
func resumeExited(t *testing.T, c *body) {
	t.Helper()
	defer func() {
		if v := recover(); v != (Exited{&c.Coro}) {
			t.Fatalf("recovered %v", v)
		}
	}()
	c.Resume()
}

func TestPanicIsReraisedByResume(t *testing.T) {
	c := start(func(*body) { panic("boom") })
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
