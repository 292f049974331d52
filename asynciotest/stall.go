package asynciotest

import (
	"bytes"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// stalled is called by the clock when the loop itself cannot go on. Who can are Go tasks
// at work, and goroutines that the loop does not know of. The first are asked after by
// what the runtime says of them; the second are found in a profile, by the label that
// goroutines inherit from the one that starts them.
func (tr *trial) stalled(w engine.Waiting) {
	if soon(w, 100) {
		return
	}
	if w.Busy > 0 {
		if tr.rest(w); w.Steps > 0 || w.Woken() || tr.loop.Working() {
			return // one that computes, sleeps or talks to the world is waited for, however long
		}
	}
	outside := tr.outside()
	for start, d := time.Now(), time.Millisecond; !w.Woken() && (outside != nil || tr.endsByItself()); d *= 2 {
		left := tr.limit - time.Since(start)
		if left <= 0 {
			break
		}
		if tr.wait(w, min(d, left)) {
			return
		}
		outside = tr.outside() // who was there may have ended without a call
	}
	if w.Woken() || tr.loop.Survey() {
		return // by one that has ended since, and was not seen
	}
	if w.Busy > 0 && tr.loop.Working() {
		return
	}
	if outside == nil && !tr.endsByItself() {
		switch {
		case w.Busy == 0:
			tr.give(Deadlock, "deadlock: nothing can run any more, and no timer is set: ")
		case !tr.clock.pass(w.Until):
			tr.give(Stuck, "stuck: Go tasks at work are blocked, and nobody else can go on: ")
		}
		return
	}
	if w.Busy > 0 && tr.clock.pass(w.Until) {
		return
	}
	tr.give(Stuck, "stuck: nothing has run for "+tr.limit.String()+"; goroutines that are no tasks, or a context's deadline on the machine's clock, might go on, but did not: ")
	if tr.explain {
		tr.verdict.Text += "\n  goroutines that might call in:\n" + strings.Join(outside, "")
	}
}

// wait waits for another goroutine to call in, and reports whether one did.
func (tr *trial) wait(w engine.Waiting, d time.Duration) bool {
	late := time.NewTimer(d)
	defer late.Stop()
	for !w.Woken() {
		select {
		case <-tr.clock.wake:
		case <-late.C:
			return w.Woken()
		}
	}
	return true
}

// rest waits until the Go tasks at work have come to an await, or are blocked otherwise:
// found so twice, with time in between for others to go on. It gives up at the limit if
// there are steps to take.
func (tr *trial) rest(w engine.Waiting) {
	blocked, d := 0, time.Millisecond
	for start := time.Now(); w.Steps == 0 || time.Since(start) < tr.limit; {
		if tr.loop.Working() {
			blocked, d = 0, min(2*d, time.Minute) // in a bubble that may be many times
		} else {
			blocked, d = blocked+1, time.Millisecond
		}
		if blocked == 2 || tr.wait(w, d) {
			return
		}
	}
}

// soon lets others go on, and reports whether one has called in.
func soon(w engine.Waiting, tries int) bool {
	for range tries {
		if w.Woken() {
			return true
		}
		runtime.Gosched()
	}
	return false
}

// endsByItself reports whether a task waits in, or belongs to, a context with a deadline
// that is not on the loop's clock.
func (tr *trial) endsByItself() bool {
	return slices.ContainsFunc(tr.loop.Blocked(), func(b engine.Blocked) bool { return b.Deadline })
}

// give ends the run with a verdict.
func (tr *trial) give(k Kind, text string) {
	f := &Failure{Kind: k, Text: text}
	if tr.explain {
		p := newPicture(tr.loop.Blocked())
		f.Text += p.cause() + "\n" + p.text()
	}
	tr.verdict = f
	tr.loop.Stop()
}

// label marks the goroutines of a test.
const label = "asynciotest"

// outside returns the stacks of the goroutines that may call in: those that the test
// has started and that are no tasks, and such as have no label, which were there before.
func (tr *trial) outside() (all []string) {
	for _, g := range goroutines() {
		if g.group != "" && g.group != tr.group || g.harmless() {
			continue
		}
		all = append(all, g.text)
	}
	return all
}

// goroutine is one of the profile, or several that are alike.
type goroutine struct {
	group string   // its label
	calls []string // functions, innermost first
	text  string
}

// harmless reports whether it is one of the testing package, the library or the
// runtime, that does not act by itself.
func (g *goroutine) harmless() bool {
	if len(g.calls) == 0 {
		return false // it has not begun
	}
	own := slices.IndexFunc(g.calls, func(f string) bool { return !ofRuntime(f) })
	if own < 0 || strings.HasPrefix(g.calls[own], "testing.") || strings.HasPrefix(g.calls[own], "testing/") || strings.HasPrefix(g.calls[own], "os/signal.") {
		return true // it waits there
	}
	for _, f := range g.calls {
		f, ours := strings.CutPrefix(f, modulePath)
		if ours && (strings.HasPrefix(f, "/asynciotest.") || strings.HasPrefix(f, "/internal/coro.Init") || strings.HasPrefix(f, "/internal/coro.exchange") ||
			strings.HasPrefix(f, "/internal/engine.(*Loop).work") || strings.HasPrefix(f, "/internal/engine.(*Outpost).stay") || strings.HasPrefix(f, "/internal/engine.(*Loop).watchdog")) {
			return true
		}
	}
	return false
}

// goroutines reads the goroutine profile.
func goroutines() (all []goroutine) {
	var buf bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&buf, 1)
	_, rest, _ := strings.Cut(buf.String(), "\n")
	for block := range strings.SplitSeq(rest, "\n\n") {
		var g goroutine
		for line := range strings.SplitSeq(block, "\n") {
			if labels, ok := strings.CutPrefix(line, "# labels: "); ok {
				_, g.group, _ = strings.Cut(labels, `"`+label+`":"`)
				g.group, _, _ = strings.Cut(g.group, `"`)
				continue
			}
			if !strings.HasPrefix(line, "#") {
				continue
			}
			fields := strings.Fields(line)
			if len(fields) < 4 {
				continue
			}
			name, _, _ := strings.Cut(fields[2], "+0x")
			g.calls = append(g.calls, name)
			if !ofRuntime(name) {
				g.text += "      " + short(name) + "  " + fields[3][strings.LastIndex(fields[3], "/")+1:] + "\n"
			}
		}
		if len(g.calls) == 0 {
			g.text = "      has not begun yet\n"
		}
		if block != "" {
			all = append(all, g)
		}
	}
	return all
}
