package asyncio_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// handleSetters are the ways to a handle of a callback that is not due at once.
var handleSetters = map[string]func(l *asyncio.Loop, f func()) *asyncio.Handle{
	"CallSoon":  func(l *asyncio.Loop, f func()) *asyncio.Handle { return l.CallSoon(f) },
	"CallLater": func(l *asyncio.Loop, f func()) *asyncio.Handle { return l.CallLater(time.Hour, f) },
	"CallAt":    func(l *asyncio.Loop, f func()) *asyncio.Handle { return l.CallAt(l.Time().Add(time.Hour), f) },
}

// setHolding has set take a callback that holds something, and says what.
//
//go:noinline
func setHolding[H any](set func(f func()) H, f func(held *[64]byte)) (H, weak.Pointer[[64]byte]) {
	held := new([64]byte)
	return set(func() { f(held) }), weak.Make(held)
}

func TestHandleLetsGoOfTheCallback(t *testing.T) {
	expectGone := func(t *testing.T, held weak.Pointer[[64]byte]) {
		t.Helper()
		runtime.GC()
		if held.Value() != nil {
			t.Error("what the callback has captured is still held")
		}
	}
	called := func(*[64]byte) { t.Error("called") }
	for name, set := range handleSetters {
		t.Run("of a closed loop: "+name, func(t *testing.T) {
			l := testutil.ClosedLoop(t)
			h, held := setHolding(func(f func()) *asyncio.Handle { return set(l, f) }, called)
			if !h.Cancelled() {
				t.Error("not cancelled")
			}
			expectGone(t, held)
			runtime.KeepAlive(h)
		})
		t.Run("cancelled by another goroutine: "+name, func(t *testing.T) {
			l := testutil.NewLoop(t, new(testutil.Reports))
			h, held := setHolding(func(f func()) *asyncio.Handle { return set(l, f) }, called)
			testutil.Elsewhere(func() { h.Cancel() })
			l.Stop()
			l.RunForever()
			expectGone(t, held)
			runtime.KeepAlive(h)
		})
	}
	t.Run("of a future, removed", func(t *testing.T) {
		a := asyncio.NewFuture[asyncio.None](testutil.NewLoop(t, new(testutil.Reports)).Context())
		remove, held := setHolding(func(f func()) func() bool {
			return a.AddDoneCallback(func(*asyncio.Future[asyncio.None]) { f() })
		}, called)
		if !remove() {
			t.Error("too late")
		}
		expectGone(t, held)
		runtime.KeepAlive(remove)
	})
	t.Run("that has run", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		h, held := setHolding(l.CallSoon, func(*[64]byte) { l.Stop() })
		l.RunForever()
		expectGone(t, held)
		runtime.KeepAlive(h)
	})
	t.Run("not while it runs", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		var h *asyncio.Handle
		h, _ = setHolding(l.CallSoon, func(held *[64]byte) {
			testutil.Elsewhere(func() {
				if h.Cancel() || !h.Cancelled() {
					t.Error("taken back while it ran, or Cancel forgotten")
				}
			})
			l.Stop()
			held[0]++
		})
		l.RunForever()
	})
}

// Whether Cancel or the turn comes first: the callback is there when it is called, and
// who looks on sees one of the two.
func TestTextOfHandleWhileItIsCancelledAndRuns(t *testing.T) {
	for _, debug := range []bool{false, true} {
		testutil.LeaveNothing(t)
		l := testutil.RunningLoop(t)
		l.SetDebug(debug)
		l.SetSlowCallbackDuration(time.Hour)
		for range 200 {
			n := new(int)
			h := l.CallSoon(func() { *n++ })
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() { h.Cancel() })
				wg.Go(func() {
					s, created := h.String(), h.Created() != nil
					named := strings.Contains(s, "TestTextOfHandle")
					if created != debug || named == (strings.Contains(s, "cancelled") && !debug) {
						t.Error(s, created)
					}
				})
			}
			wg.Wait()
			testutil.Flush(l)
			if !h.Cancelled() || *n > 1 {
				t.Fatalf("called %d times, cancelled %t", *n, h.Cancelled())
			}
		}
	}
}

var handleFailsAt = testutil.Line() + 2

func handleFails() { panic(testutil.ErrTest) }

func TestTextOfHandle(t *testing.T) {
	// place cuts the directories off, of what is named and of where it is.
	place := func(h *asyncio.Handle) string {
		words := strings.Fields(h.String())
		for i, w := range words {
			key, value, found := strings.Cut(w, "callback=")
			switch {
			case found:
				words[i] = key + "callback=" + filepath.Ext(value)
			case strings.Contains(w, ".go:"):
				words[i] = filepath.Base(w)
			}
		}
		return strings.Join(words, " ")
	}
	expect := func(h *asyncio.Handle, want string) {
		t.Helper()
		if got := place(h); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	fails := fmt.Sprintf("callback=.handleFails at handle_test.go:%d", handleFailsAt)
	l := testutil.NewLoop(t, new(testutil.Reports))
	soon, later := l.CallSoon(handleFails), l.CallLater(90*time.Minute, handleFails)
	expect(soon, "<Handle "+fails+">")
	expect(later, "<Handle when=2000-01-01T01:30:00Z "+fails+">")
	soon.Cancel()
	later.Cancel()
	expect(soon, "<Handle cancelled>")
	expect(later, "<Handle cancelled when=2000-01-01T01:30:00Z>")
	if at := soon.Created(); at != nil {
		t.Error("made outside of debug mode at", at)
	}
	l.SetDebug(true)
	n := testutil.Line() + 1
	soon = l.CallSoon(handleFails)
	if at := soon.Created(); len(at) == 0 || at[0].Line != n || !strings.HasSuffix(at[0].Function, t.Name()) {
		t.Errorf("made at %v", at)
	}
	made := fmt.Sprintf(" created at handle_test.go:%d>", n)
	expect(soon, "<Handle "+fails+made)
	l.SetDebug(false) // which is for those to come
	soon.Cancel()
	expect(soon, "<Handle cancelled "+fails+made)
}

func TestHandleIsReportedWithWhereItWasSet(t *testing.T) {
	var r testutil.Reports
	h := testutil.CaptureLog(t, nil)
	l := testutil.NewLoop(t, &r, asyncio.WithDebug())
	l.SetSlowCallbackDuration(1)
	n := testutil.Line() + 1
	l.CallSoon(handleFails)
	l.Stop()
	l.RunForever()
	r.Expect(t, fmt.Sprintf("panic in callback … handleFails (created at … handle_test.go:%d) … test error", n))
	slow := h.Of(wasHeldUp, "")
	if len(slow) == 0 || !strings.Contains(slow[0].Attrs["callback"].String(), "handleFails") ||
		!strings.HasSuffix(slow[0].Attrs["created"].String(), fmt.Sprintf("handle_test.go:%d", n)) {
		t.Errorf("logged: %v", slow)
	}
}
