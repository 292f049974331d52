package asyncio

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// vigil is kept while somebody waits for tasks that were asked to end: it names them in the
// log when that has taken a second on the machine's clock, and each time it has doubled. It asks
// the loop from outside, and so is not put off by one that is stuck. The zero vigil is
// ready to begin; beginning it again does nothing.
type vigil struct {
	mu    sync.Mutex
	loop  *Loop
	who   string // waits
	asked func(*engine.Task) bool
	begun time.Time
	next  time.Duration // when it speaks
	timer *time.Timer
	over  bool
	busy  sync.WaitGroup // speaking
}

// firstWord is when a vigil speaks first, and lastWord when it does not any more: else it
// would keep the clock of a synctest bubble going for ever, in which nothing else moves.
const (
	firstWord = time.Second
	lastWord  = 1 << 16 * time.Second
)

func (v *vigil) begin(l *Loop, who string, asked func(*engine.Task) bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.timer != nil || v.over {
		return
	}
	v.loop, v.who, v.asked = l, who, asked
	v.begun, v.next = time.Now(), firstWord
	v.timer = time.AfterFunc(firstWord, v.speak)
}

// end returns when nothing of the vigil is left. It must not be called by the owner of the
// loop, which that may be asking; stop may.
func (v *vigil) end() {
	v.stop()
	v.busy.Wait()
}

func (v *vigil) stop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over = true
	if v.timer != nil {
		v.timer.Stop()
	}
}

func (v *vigil) speak() {
	v.mu.Lock()
	if v.over || v.loop.l.Closed() {
		v.mu.Unlock()
		return
	}
	v.busy.Add(1)
	defer v.busy.Done()
	v.mu.Unlock()
	r := v.loop.l.Remaining(mostNamed, v.asked)

	v.mu.Lock()
	if v.over || r.All == 0 && r.Held == nil {
		v.again()
		v.mu.Unlock()
		return
	}
	took := time.Since(v.begun)
	v.again()
	v.mu.Unlock()
	message, attrs := "asyncio: "+v.who+" waits for tasks that were asked to end", []any{"for", took.Round(time.Millisecond)}
	if r.Held != nil {
		message += "; the loop is stuck"
		attrs = append(attrs, "stuck", describeHolder(r.Held))
	}
	if r.All > 0 {
		attrs = append(attrs, "count", r.All, "tasks", describeRemains(r))
	}
	say(slog.LevelWarn, message, attrs...)
}

// again sets when it speaks next, with mu held.
func (v *vigil) again() {
	took := time.Since(v.begun)
	for v.next <= took {
		v.next *= 2
	}
	if !v.over && v.next <= lastWord {
		v.timer.Reset(v.next - took)
	}
}

// mostNamed is how many tasks are named at one time.
const mostNamed = 10

// whoIsLeft names the tasks for which is holds, and the goroutines that were left.
func whoIsLeft(l *engine.Loop, is func(*engine.Task) bool) string {
	return describeRemains(l.Remaining(mostNamed, is))
}

func describeRemains(r engine.Remains) string {
	var parts []string
	for _, x := range r.First {
		parts = append(parts, describeRemain(x))
	}
	if more := r.All - len(r.First); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// describeRemain says who it is, what it does and where.
func describeRemain(x engine.Remain) string {
	kind := "loop task"
	if x.Task.Threaded() {
		kind = "Go task"
	}
	std, own := engine.InStandard(x.Frames)
	var doing, held string
	switch {
	case x.Left:
		doing = ", cancelled and left to itself, at work"
	case !x.Known:
	case x.On != nil:
		doing = " awaits " + taskName(x.On)
	case x.Sleeps && x.Sleep == engine.Never:
		doing = " sleeps for ever"
	case x.Sleeps:
		doing = " sleeps for another " + x.Sleep.String()
	case x.Queue != nil:
		doing = " waits"
		if r, ok := x.Queue.(engine.Resource); ok {
			about := r.About()
			doing += " in " + about.Op + " of " + about.State
			if h := about.HeldBy(); h != "" {
				held = ", held by " + h
			}
		}
	case x.Doing == engine.Working:
		doing = " at work"
	case x.Doing == engine.Ready:
		doing = " is about to go on"
	case x.Doing == engine.Queueing:
		doing = " waits for a place among WithMaxThreads"
	default:
		doing = " awaits a future"
	}
	if n := len(std); n > 0 {
		doing += " in " + engine.Func(std[n-1].Function)
	}
	where := ", " + named(x.Task.Face().(AnyTask).Coro())
	if len(own) > 0 {
		where = " at " + engine.Chain(own)
	}
	return taskName(x.Task) + " (" + kind + doing + where + held + ")"
}

// describeHolder says who holds up a loop, and where.
func describeHolder(h *engine.Holder) string {
	who := "a callback"
	if h.Task != nil {
		who = taskName(h.Task)
	}
	std, own := engine.InStandard(h.Stack)
	if n := len(std); n > 0 {
		who += " in " + engine.Func(std[n-1].Function)
	}
	if len(own) > 0 {
		who += " at " + engine.Chain(own)
	}
	return who
}
