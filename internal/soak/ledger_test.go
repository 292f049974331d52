package soak

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/asyncio-go/asyncio"
)

// due says who has to learn of a wound.
type due uint8

const (
	mustBeHeard due = iota // the exception handler, once
	mustBeTold             // who awaits it; the handler never
	toldOrHeard            // one of the two: to be told of it somebody must still wait
	either                 // the handler at most once
)

// wound is an error that was inflicted on purpose. It keeps its own account, so that the
// ledger does not grow.
type wound struct {
	id    uint64
	storm string
	due   atomic.Uint32
	heard atomic.Int32 // by a handler
	told  atomic.Int32 // to who asked
	where atomic.Pointer[string]
}

func (w *wound) Error() string { return fmt.Sprintf("wound %d of %s", w.id, w.storm) }

// isDue reports whether the wound is still to be heard.
func (w *wound) isDue() bool {
	switch due(w.due.Load()) {
	case mustBeHeard:
		return w.heard.Load() == 0
	case toldOrHeard:
		return w.heard.Load() == 0 && w.told.Load() == 0
	default:
		return false
	}
}

// bruise is a wound that is no error, to panic with.
type bruise struct{ w *wound }

// ledger is what all strikes write into.
type ledger struct {
	ids    atomic.Uint64
	faults atomic.Int32
	say    func(format string, args ...any)

	reports, toldWounds, heardWounds atomic.Uint64

	stumbles sync.Map // wounds that are an error of the runtime, by their number

	mu     sync.Mutex
	logged map[string]int
}

// fault is something that the library did wrong.
func (g *ledger) fault(format string, args ...any) {
	n := g.faults.Add(1)
	if n <= 20 {
		g.say("FAULT: "+format, args...)
	}
}

// hear takes note of a report with these wounds in it.
func (g *ledger) hear(w *wound, message string) {
	g.heardWounds.Add(1)
	where := w.where.Swap(&message)
	switch n := w.heard.Add(1); {
	case n > 1:
		g.fault("%v was reported twice: %q, then %q", w, *where, message)
	case due(w.due.Load()) == mustBeTold:
		g.fault("%v was reported though somebody is told of it: %q", w, message)
	}
}

// leaves calls f with each error in the tree of err that has no other inside. A
// cancellation is one whatever its cause.
func leaves(err error, f func(error)) {
	switch x := err.(type) { //nolint:errorlint // this is the walk
	case nil:
	case *asyncio.CancelledError:
		f(x)
	case *asyncio.PanicError:
		if inner := x.Unwrap(); inner != nil {
			leaves(inner, f)
			return
		}
		f(x)
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			leaves(e, f)
		}
	case interface{ Unwrap() error }:
		if inner := x.Unwrap(); inner != nil {
			leaves(inner, f)
			return
		}
		f(err)
	default:
		f(err)
	}
}

// woundsIn returns the wounds in err and what else there is.
func (g *ledger) woundsIn(err error) (ws []*wound, other []error) {
	leaves(err, func(e error) {
		if w := g.woundOf(e); w != nil {
			ws = append(ws, w)
		} else {
			other = append(other, e)
		}
	})
	return ws, other
}

func (g *ledger) woundOf(e error) *wound {
	switch x := e.(type) { //nolint:errorlint // a leaf
	case *wound:
		return x
	case *asyncio.PanicError:
		if b, ok := x.Value.(bruise); ok {
			return b.w
		}
	case runtime.Error:
		_, id, _ := strings.Cut(x.Error(), "[")
		id, _, _ = strings.Cut(id, "]")
		if w, ok := g.stumbles.Load(id); ok {
			return w.(*wound)
		}
	}
	return nil
}

// reported is the exception handler of a strike's loops.
func (s *strike) reported(_ *asyncio.Loop, c asyncio.ExceptionContext) {
	s.soak.reports.Add(1)
	ws, other := s.soak.woundsIn(c.Err)
	for _, w := range ws {
		s.soak.hear(w, c.Message)
	}
	if len(ws) > 0 && len(other) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range s.allowed {
		if strings.Contains(c.Message, a.message) {
			if s.allowed[i].times--; a.times > 0 {
				return
			}
		}
	}
	s.faultf("reported, and nobody caused it: %q err=%v task=%v", c.Message, c.Err, c.Task)
}

// allowance is of reports without a wound.
type allowance struct {
	message string
	times   int
}

// allow lets a report with these words come up to so many times.
func (s *strike) allow(message string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allowed = append(s.allowed, allowance{message, times})
}

// hurt makes a wound, at the moment it is inflicted.
func (s *strike) hurt(d due) *wound {
	w := &wound{id: s.soak.ids.Add(1), storm: s.storm}
	w.due.Store(uint32(d))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wounds = append(s.wounds, w)
	return w
}

// panic panics in one of the ways there are.
func (s *strike) panic(d due) {
	w := s.hurt(d)
	switch s.n(4) {
	case 0:
		panic(w)
	case 1:
		panic(bruise{w})
	case 2:
		panic(fmt.Errorf("wrapped: %w", w))
	}
	if d == either { // that may come when the strike is over
		panic(w)
	}
	s.soak.stumbles.Store(strconv.FormatUint(w.id, 10), w)
	_ = make([]int, 0)[w.id]
}

// message makes the message of a Cancel.
func (s *strike) message() string {
	m := fmt.Sprintf("cancel %d", s.soak.ids.Add(1))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages[m] = true
	return m
}

// saw checks an error that an await or a result has given: it is made of this
// strike's wounds and cancellations, and of errors that are among the allowed.
func (s *strike) saw(where string, err error, allowed ...error) {
	if err == nil {
		return
	}
	ws, other := s.soak.woundsIn(err)
	for _, w := range ws {
		s.soak.toldWounds.Add(1)
		w.told.Add(1)
		if w.storm != s.storm {
			s.faultf("%s: %v is of another storm", where, w)
		}
	}
next:
	for _, e := range other {
		var c *asyncio.CancelledError
		if errors.As(e, &c) {
			s.mu.Lock()
			known := c.Message == "" || s.messages[c.Message] || c.Message == "another has finished first"
			s.mu.Unlock()
			if !known {
				s.faultf("%s: cancelled with a message that nobody gave: %v", where, c)
			}
			continue
		}
		for _, a := range allowed {
			if errors.Is(e, a) {
				continue next
			}
		}
		s.faultf("%s: %v (%T in %v)", where, e, e, err)
	}
}

// logHandler counts what goes to the log, and looks for wounds in it: the default
// exception handler writes there.
type logHandler struct{ soak *soak }

func (h logHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h logHandler) WithGroup(string) slog.Handler            { return h }

func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	words := r.Message
	if i := strings.Index(words, ", called with"); i >= 0 {
		words = words[:i]
	}
	h.soak.mu.Lock()
	h.soak.logged[words]++
	h.soak.mu.Unlock()
	found := false
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			ws, _ := h.soak.woundsIn(err)
			for _, w := range ws {
				found = true
				h.soak.hear(w, r.Message)
			}
		}
		return true
	})
	if r.Level >= slog.LevelError && !found {
		h.soak.fault("logged, and nobody caused it: %s", r.Message)
	}
	return nil
}
