package engine

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// The patrol looks at loops from outside: at those that run, whether anything still
// moves there, and at those with errors that nobody has asked for, whose time it keeps.
// It goes by the machine's clock, so only loops on that are its business, and not
// those in a bubble of testing/synctest, which nobody may touch from outside.
//
// It is a timer and no goroutine, so that nothing of it is left when the last Run has
// returned, and it rests while there is nothing to look at: a process in which nothing
// moves any more has no beat, and the runtime still finds that all goroutines are asleep.
//
// A beat itself runs nothing of the user's: what is to be done on a loop goes into its
// inbox, and what is to be done for a loop that nobody owns is done on a goroutine of
// its own.
type patrol struct {
	mu    sync.Mutex
	loops []*Loop     // each knows its number
	timer *time.Timer // made with the first beat, outside of any bubble
	on    bool        // the next beat will come

	// Of the beat.
	collect time.Duration // when the collector may be set to work again, since base
}

// patrolled is what the patrol knows of a loop; under its mu.
type patrolled struct {
	number  int // in loops, from 1; 0 if it is not there
	running bool
	unheard bool // has failures that nobody has retrieved, or errands
}

// beat is the time from one look to the next.
const beat = time.Second

// When a loop has slept through this many beats, and nothing has arrived, it is asked to
// look around; the last number is when the patrol loses interest.
const (
	quietBeats = 2
	stillBeats = 6
)

var thePatrol patrol

// runs takes note that a loop runs, or does no longer.
func (p *patrol) runs(l *Loop, running bool) {
	if !l.onPatrol {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l.patrolled.running = running
	p.note(l)
}

// fails takes note that a loop has failures that nobody has retrieved, or has none.
func (p *patrol) fails(l *Loop, unheard bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.patrolled.unheard = unheard
	p.note(l)
}

func (p *patrol) note(l *Loop) {
	x := &l.patrolled
	switch wanted := x.running || x.unheard; {
	case wanted && x.number == 0:
		p.loops = append(p.loops, l)
		x.number = len(p.loops)
	case !wanted && x.number > 0:
		last := p.loops[len(p.loops)-1]
		p.loops[x.number-1], last.patrolled.number = last, x.number
		p.loops[len(p.loops)-1] = nil
		p.loops = p.loops[:len(p.loops)-1]
		x.number = 0
	}
	if x.number > 0 {
		p.wake()
	}
}

// wake makes the next beat come. In a bubble, whose clock is another, it leaves that to
// the next who calls it.
func (p *patrol) wake() {
	if p.on || coro.InBubble() {
		return
	}
	p.on = true
	if p.timer == nil {
		p.timer = time.AfterFunc(beat, p.look)
	} else {
		p.timer.Reset(beat)
	}
}

// look is a beat.
func (p *patrol) look() {
	p.mu.Lock()
	loops := slices.Clone(p.loops)
	p.mu.Unlock()
	collect := false
	for _, l := range loops {
		l.beat()
		collect = l.unheard.beat(l) || collect
	}
	if collect {
		p.runCollector()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.on = false
	if slices.ContainsFunc(p.loops, (*Loop).restless) {
		p.wake()
	}
}

// runCollector has the collector find out what is unreachable, for no more than a
// hundredth of the time.
func (p *patrol) runCollector() {
	start := time.Since(base)
	if start < p.collect {
		return
	}
	spent := collectorTime()
	runtime.GC()
	end := time.Since(base)
	took := end - start
	if s := collectorTime() - spent; s > 0 {
		took = min(took, s) // which waits for a processor too, if there is other work
	}
	p.collect = end + 100*took
}

// collectorTime returns for how long the collector has kept all processors from doing
// something else, 0 if that is not known.
func collectorTime() time.Duration {
	times := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(times)
	if times[0].Value.Kind() != metrics.KindFloat64 || times[1].Value.Kind() != metrics.KindFloat64 {
		return 0
	}
	spent := times[0].Value.Float64() - times[1].Value.Float64()
	return time.Duration(spent / float64(runtime.GOMAXPROCS(0)) * float64(time.Second))
}

// restless reports whether the patrol is to look again; under its mu.
func (l *Loop) restless() bool {
	return l.patrolled.unheard || l.patrolled.running && l.quiet.Load() < stillBeats
}

// beat is a look at one loop.
func (l *Loop) beat() {
	if !l.asleep.Load() {
		l.quiet.Store(0)
		return
	}
	if n := l.quiet.Add(1); n == quietBeats || n == stillBeats {
		l.tell(visitor(n))
	}
}

// visitor has the loop look around.
type visitor int32

func (v visitor) run(l *Loop) {
	if l.current == nil { // else it is in the middle of a step, waiting for another loop
		l.passed = true
		l.lookAround(time.Duration(v) * beat)
	}
}

// stir takes note that a loop which has slept through a beat has done something since.
func (l *Loop) stir() {
	l.quiet.Store(0)
	thePatrol.mu.Lock()
	defer thePatrol.mu.Unlock()
	if l.patrolled.running {
		thePatrol.wake()
	}
}
