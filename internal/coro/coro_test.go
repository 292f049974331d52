package coro

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// body is a coroutine that runs a function.
type body struct {
	Coro
	b *Baton
	f func(*body)
}

func (b *body) Coroutine() *Coro { return &b.Coro }
func (b *body) Main()            { b.f(b) }

// pass hands control to somebody.
func (b *body) pass(to *Coro) { b.b.Pass(to) }

// outside returns a baton that the caller holds.
func outside() *Baton { return &Baton{Holder: &Coro{Self: Self{G: G()}}} }

func start(b *Baton, f func(*body)) *body {
	c := &body{b: b, f: f}
	Init(c)
	return c
}

func BenchmarkPass(b *testing.B) {
	baton := outside()
	here := baton.Holder
	c := start(baton, func(c *body) {
		for !c.Ending {
			c.pass(here)
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		baton.Pass(&c.Coro)
	}
	baton.End(&c.Coro)
}

func BenchmarkIs(b *testing.B) {
	g := G()
	for b.Loop() {
		if !Is(&g) {
			b.Fatal("not me")
		}
	}
}

// TestPassInAnyOrder: whoever has the baton may pass it to anybody, and all can be ended
// in any order, wherever they sit.
func TestPassInAnyOrder(t *testing.T) {
	before := runtime.NumGoroutine()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		b := outside()
		here := b.Holder
		all := []*Coro{here}
		passes, ended := 0, 0
		for range 1 + rng.IntN(9) {
			c := start(b, func(c *body) {
				defer func() { ended++ }()
				for !c.Ending {
					if G() != c.G || b.Holder != &c.Coro {
						t.Error("runs without the baton")
					}
					to := here
					if passes++; passes < 100 {
						to = all[rng.IntN(len(all))]
					}
					if to != &c.Coro {
						c.pass(to)
					}
				}
				if rng.IntN(2) == 0 {
					runtime.Goexit()
				}
			})
			all = append(all, &c.Coro)
		}
		for _, c := range all[1:] { // those that nobody passes to must have been entered too
			b.Pass(c)
		}
		for passes < 100 {
			b.Pass(all[1+rng.IntN(len(all)-1)])
		}
		rng.Shuffle(len(all)-1, func(i, j int) { all[1+i], all[1+j] = all[1+j], all[1+i] })
		for i, c := range all[1:] {
			b.End(c)
			if ended != i+1 || b.Holder != here {
				t.Fatalf("seed %d: %d ended, want %d", seed, ended, i+1)
			}
		}
	}
	// The goroutines end by themselves once control was handed back.
	for runtime.NumGoroutine() > before {
		runtime.Gosched()
	}
}

func TestUnwindRunsDefersOnly(t *testing.T) {
	b := outside()
	here := b.Holder
	var got []string
	c := start(b, func(c *body) {
		defer func() { got = append(got, "defer") }()
		c.pass(here)
		if c.Ending {
			runtime.Goexit()
		}
		got = append(got, "after")
	})
	b.Pass(&c.Coro)
	b.End(&c.Coro)
	if len(got) != 1 || got[0] != "defer" {
		t.Fatal(got)
	}
}

func TestStackOfAnotherGoroutine(t *testing.T) {
	at, release := make(chan uintptr), make(chan struct{})
	done := make(chan struct{})
	go waitHere(at, release, done)
	g := <-at
	var names []string
	for _, f := range StackOf(Sought{G: g}) {
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
	note(G()) // as goroutines of the library do
	defer forget(G())
	at <- G()
	<-release
}
