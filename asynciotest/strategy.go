package asynciotest

import (
	"math/rand/v2"
	"slices"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Strategy is a way to choose schedules.
type Strategy uint8

// The strategies.
const (
	// Mixed takes the three random ones in turns, with one departure or preemption, two,
	// and so on up to Options.Depth. The first schedule of each is the loop's own order.
	Mixed Strategy = iota
	// Random chooses each step at random among those that there are.
	Random
	// PCT gives every task a random priority, takes always the step of the highest, and
	// lowers it at Depth-1 random moments. A bug that needs d of the program's k events
	// in some order, with n tasks, is found with a chance of at least 1/(n·k^(d-1)) a
	// schedule. (Burckhardt et al., A randomized scheduler with probabilistic guarantees
	// of finding bugs, 2010)
	PCT
	// Delay is the loop's own order, but up to Depth times at random moments the task
	// whose step it is is held back while others go on. (Emmi et al., Delay-bounded
	// scheduling, 2011)
	Delay
	// Exhaustive takes every schedule once: first the loop's own order, then those with
	// one departure from it, with two, and so on. So what it finds has as few of them as
	// can be; and it says when there are no more. Orders that differ only in when the end
	// of a sleep is handled, or an end that is only counted, are one. Other work of the
	// library's is a step, also where the program cannot see when it comes.
	Exhaustive
)

func (s Strategy) String() string {
	return [...]string{"mixed", "random", "pct", "delay", "exhaustive"}[s]
}

// strategy makes the decisions of one schedule after another.
type strategy interface {
	// begin readies it for the next schedule. It returns what to do before pick is
	// asked, and false if there are no more schedules.
	begin() (plan []departure, more bool)
	// pick decides, out of n; steps is nil if it is about a cancellation.
	pick(steps []engine.Step, n int) int
	// end takes note of how the schedule was.
	end(d *decider)
}

func newStrategy(o Options) strategy {
	seeded := func(stream uint64) *dice { return &dice{src: rand.NewPCG(o.Seed, stream), cancels: o.Cancel} }
	random := &random{seeded(1)}
	pct := &pct{dice: seeded(2), depth: o.Depth}
	delay := &delay{dice: seeded(3), depth: o.Depth}
	switch o.Strategy {
	case Random:
		return random
	case PCT:
		return pct
	case Delay:
		return delay
	case Exhaustive:
		return &exhaustive{}
	default:
		return &mixed{random: random, pct: pct, delay: delay, depth: o.Depth}
	}
}

// dice is what the random strategies share: when to cancel, and how long schedules are.
type dice struct {
	src     *rand.PCG
	cancels int
	runs    int   // the first is the loop's own order, to learn
	length  int   // of the longest schedule so far, in choices of a step
	points  int   // and in decisions about a cancellation
	at      int   // choices of a step so far in this one
	point   int   // and decisions about a cancellation
	doomed  []int // those at which to cancel
}

func (d *dice) below(n int) int {
	if n <= 1 {
		return 0
	}
	return int((d.src.Uint64() >> 32) * uint64(n) >> 32)
}

func (d *dice) begin() {
	d.runs++
	d.at, d.point = 0, 0
	d.doomed = d.doomed[:0]
	if d.cancels > 0 && d.runs > 1 {
		for range 1 + d.below(d.cancels) {
			d.doomed = append(d.doomed, d.below(d.points+1))
		}
	}
}

// cancel decides about a cancellation.
func (d *dice) cancel() int {
	d.point++
	for _, p := range d.doomed {
		if p == d.point-1 {
			return 1
		}
	}
	return 0
}

func (d *dice) end() {
	d.length, d.points = max(d.length, d.at), max(d.points, d.point)
}

type random struct{ *dice }

func (r *random) begin() ([]departure, bool) { r.dice.begin(); return nil, true }
func (r *random) end(*decider)               { r.dice.end() }

func (r *random) pick(steps []engine.Step, n int) int {
	if steps == nil {
		return r.cancel()
	}
	r.at++
	if r.runs == 1 {
		return 0
	}
	return r.below(n)
}

// who is whose step it is: a task or a callback; those of the library are one.
func who(s *engine.Step) any {
	switch {
	case s.Task != nil:
		return s.Task
	case s.Handle != nil:
		return s.Handle
	}
	return nil
}

type pct struct {
	*dice
	depth    int
	priority map[any]uint64
	changes  []int // the moments
	low      uint64
}

func (p *pct) begin() ([]departure, bool) {
	p.dice.begin()
	if p.priority == nil {
		p.priority = map[any]uint64{}
	}
	clear(p.priority)
	p.changes = p.changes[:0]
	for range p.depth - 1 {
		p.changes = append(p.changes, p.below(p.length))
	}
	p.low = 1 << 20
	return nil, true
}

func (p *pct) end(*decider) { p.dice.end() }

func (p *pct) pick(steps []engine.Step, _ int) int {
	if steps == nil {
		return p.cancel()
	}
	if p.runs == 1 {
		p.at++
		return 0
	}
	best := p.highest(steps)
	for _, c := range p.changes {
		if c == p.at {
			p.low--
			p.priority[who(&steps[best])] = p.low
			best = p.highest(steps)
		}
	}
	p.at++
	return best
}

func (p *pct) highest(steps []engine.Step) int {
	best, highest := 0, uint64(0)
	for i := range steps {
		w := who(&steps[i])
		x, ok := p.priority[w]
		if !ok {
			x = p.src.Uint64() | 1<<63
			p.priority[w] = x
		}
		if x > highest {
			best, highest = i, x
		}
	}
	return best
}

type delay struct {
	*dice
	depth   int
	moments []int
	held    map[any]int // until which choice
}

func (d *delay) begin() ([]departure, bool) {
	d.dice.begin()
	if d.held == nil {
		d.held = map[any]int{}
	}
	clear(d.held)
	d.moments = d.moments[:0]
	if d.runs > 1 {
		for range 1 + d.below(d.depth) {
			d.moments = append(d.moments, d.below(d.length+1))
		}
	}
	return nil, true
}

func (d *delay) end(*decider) { d.dice.end() }

func (d *delay) pick(steps []engine.Step, n int) int {
	if steps == nil {
		return d.cancel()
	}
	i := d.first(steps)
	for _, m := range d.moments {
		if m == d.at {
			// Behind all others once, or several times.
			d.held[who(&steps[i])] = d.at + (n-1)<<d.below(4)
			i = d.first(steps)
			break // who was held back last must not be the only one left
		}
	}
	d.at++
	return i
}

// first returns the first that is not held back.
func (d *delay) first(steps []engine.Step) int {
	if len(d.held) == 0 {
		return 0
	}
	for i := range steps {
		if until, ok := d.held[who(&steps[i])]; !ok || until <= d.at {
			return i
		}
	}
	return 0
}

// mixed takes the random ones in turns.
type mixed struct {
	random *random
	pct    *pct
	delay  *delay
	depth  int
	runs   int
	now    strategy
}

func (m *mixed) begin() ([]departure, bool) {
	depth := 1 + m.runs/3%m.depth
	m.pct.depth, m.delay.depth = depth, depth
	m.now = [...]strategy{m.random, m.pct, m.delay}[m.runs%3]
	m.runs++
	return m.now.begin()
}

func (m *mixed) pick(steps []engine.Step, n int) int { return m.now.pick(steps, n) }

func (m *mixed) end(d *decider) {
	m.now.end(d)
	longest, points := 0, 0
	all := [...]*dice{m.random.dice, m.pct.dice, m.delay.dice}
	for _, x := range all {
		longest, points = max(longest, x.length), max(points, x.points)
	}
	for _, x := range all {
		x.length, x.points = longest, points
	}
}

// exhaustive goes through all schedules in order of the number of departures. A
// schedule with one more than another has the same, and one behind them.
type exhaustive struct {
	queue []*branching // of those that were run, whose successors are to come
	cur   *branching   // whose successors are run now
	plan  []departure
	from  int // where decisions after the plan begin
	begun bool
}

// branching is a schedule that was run and the decisions in it after the last
// departure.
type branching struct {
	plan     []departure
	branches []uint16
	from     int // the number of the first of them
	at, pick int // the next successor
}

func (e *exhaustive) begin() ([]departure, bool) {
	if !e.begun {
		e.begun = true
		return nil, true
	}
	for {
		if e.cur == nil {
			if len(e.queue) == 0 {
				return nil, false
			}
			e.cur, e.queue[0] = e.queue[0], nil
			e.queue = e.queue[1:]
		}
		b := e.cur
		if b.at == len(b.branches) {
			e.cur = nil
			continue
		}
		if b.pick++; b.pick >= int(b.branches[b.at]) {
			b.at, b.pick = b.at+1, 0
			continue
		}
		at := b.from + b.at
		e.plan = slices.Concat(b.plan, []departure{{at: at, pick: b.pick}})
		e.from = at + 1
		return e.plan, true
	}
}

func (e *exhaustive) pick([]engine.Step, int) int { return 0 }

func (e *exhaustive) end(d *decider) {
	if e.from < len(d.branches) {
		e.queue = append(e.queue, &branching{
			plan:     e.plan,
			branches: append([]uint16(nil), d.branches[e.from:]...),
			from:     e.from,
		})
	}
}
