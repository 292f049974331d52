package coro

import (
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// assumption is one about Go's runtime that nothing promises. Each is tested when the
// process starts. Where it does not hold a portable twin takes its place, and the log
// says so once. For tests, the environment variable ASYNCIO_PORTABLE is a list of names
// of those that are not to be relied on.
type assumption struct {
	name  string
	twin  *bool         // says that the twin is in use
	fails func() string // returns why it does not hold, "" if it does
	why   string        // what fails has returned
	cost  string        // of the twin
}

// Written at the start only.
var (
	portableID     bool // assembly reads it
	portableNumber bool
	portableSeat   bool
)

var assumed = []assumption{
	// The address of a goroutine's descriptor is in a register and stays what it is: see
	// G. The twin is the number that runtime.Stack prints.
	{name: "id", twin: &portableID, fails: identityFails,
		cost: "to ask which goroutine is running takes microseconds"},
	// In the descriptor stands that number: see number. The twin is that the goroutines of
	// the library note their own.
	{name: "number", twin: &portableNumber, fails: numberFails,
		cost: "goroutines start more slowly, and stacks of others than the library's are unknown"},
	// The functions of iter.Pull may be called by turns from any goroutine: see Coro. The
	// twin is an exchange over channels.
	{name: "seat", twin: &portableSeat, fails: seatFails,
		cost: "a switch takes several times as long"},
}

func init() {
	done := make(chan struct{})
	go func() { // here a goroutine is locked to its thread, and each that it waits for costs it much
		defer close(done)
		off := strings.Split(os.Getenv("ASYNCIO_PORTABLE"), ",")
		for i := range assumed {
			x := &assumed[i]
			if slices.Contains(off, x.name) {
				x.why = "ASYNCIO_PORTABLE says so"
			} else {
				x.why = x.fails()
			}
			*x.twin = x.why != ""
		}
	}()
	<-done
}

// Portable reports whether the twin of an assumption is in use. It is for tests.
func Portable(name string) bool {
	return slices.ContainsFunc(assumed, func(x assumption) bool { return x.name == name && *x.twin })
}

var warned sync.Once

// Warn says once in a process which assumptions do not hold.
func Warn() { warned.Do(func() { warn(slog.Default()) }) }

func warn(l *slog.Logger) {
	for _, x := range assumed {
		if x.why != "" {
			l.Warn("asyncio: does without a shortcut", "shortcut", x.name, "go", runtime.Version(), "because", x.why, "cost", x.cost)
		}
	}
}

// seatFails has three pass a baton in a circle, so that each sits in the seats of all. If
// the runtime forbids that, then by a panic, one hopes.
func seatFails() string {
	held := make(chan bool, 1)
	go func() {
		defer func() {
			if recover() != nil {
				held <- false
			}
		}()
		held <- circle()
	}()
	late := time.NewTimer(time.Second)
	defer late.Stop()
	select {
	case ok := <-held:
		if ok {
			return ""
		}
	case <-late.C:
	}
	return "iter.Pull does not let every goroutine take a turn"
}

func circle() bool {
	const rounds = 5
	b := &Baton{Holder: &Coro{Self: Self{G: G()}}}
	second := &walker{b: b, to: b.Holder}
	first := &walker{b: b, to: &second.Coro}
	Init(first)
	Init(second)
	for range rounds {
		b.Pass(&first.Coro)
	}
	b.End(&first.Coro)
	b.End(&second.Coro)
	return first.turns == rounds && second.turns == rounds
}

// walker is a coroutine that passes the baton on.
type walker struct {
	Coro
	b     *Baton
	to    *Coro
	turns int
}

func (w *walker) Coroutine() *Coro { return &w.Coro }

func (w *walker) Main() {
	for !w.Ending {
		w.turns++
		w.b.Pass(w.to)
	}
}
