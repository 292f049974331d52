package engine

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio/internal/coro"
)

func TestIdleFibersAreBounded(t *testing.T) {
	before := runtime.NumGoroutine()
	l := newLoop(t, NewWall())
	const tasks = 3 * maxIdleFibers
	gate := &Future{}
	gate.Init(l.Root())
	first := start(l, false, func(ctx *Task) error { return Sleep(ctx, 0) })
	for range tasks {
		start(l, false, func(ctx *Task) error { return gate.Await(ctx) })
	}
	most := 0
	last := start(l, false, func(ctx *Task) error {
		gate.Claim()
		gate.Settle(Succeeded, nil)
		for range 3 {
			if err := Sleep(ctx, 0); err != nil {
				return err
			}
			most = max(most, len(l.fibers))
		}
		untilGoroutines(before + maxIdleFibers + 1)
		return nil
	})
	if err := l.Run(until(&last.Future)); err != nil {
		t.Fatal(err)
	}
	if most != maxIdleFibers {
		t.Errorf("%d were kept, want %d", most, maxIdleFibers)
	}
	if !first.Finished() || len(l.fibers) > 0 {
		t.Errorf("%d idle coroutines outlive Run", len(l.fibers))
	}
	untilGoroutines(before)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// untilGoroutines returns when there are no more than that: coroutines over channels end a
// moment after they were told to.
func untilGoroutines(n int) {
	for runtime.NumGoroutine() > n {
		runtime.Gosched()
	}
}

func TestFinishedTaskHandsItsFiberOn(t *testing.T) {
	l := newLoop(t, NewWall())
	coroutines := map[uintptr]bool{}
	var last *job
	for range 1000 {
		last = start(l, false, func(*Task) error {
			coroutines[coro.G()] = true
			return nil
		})
	}
	if err := l.Run(until(&last.Future)); err != nil {
		t.Fatal(err)
	}
	if len(coroutines) != 1 {
		t.Errorf("a thousand tasks took %d coroutines", len(coroutines))
	}
}

func TestNestedAwaitsShareStackUpToLimit(t *testing.T) {
	l := newLoop(t, NewWall())
	deepest, coroutines := 0, map[uintptr]bool{} // none of which ends meanwhile
	var down func(depth int) func(ctx *Task) error
	down = func(depth int) func(ctx *Task) error {
		return func(ctx *Task) error {
			deepest = max(deepest, int(ctx.fiber.Depth))
			coroutines[coro.G()] = true
			if depth == 0 {
				return Sleep(ctx, 0)
			}
			return start(l, false, down(depth-1)).Await(ctx)
		}
	}
	const depth = 100
	if err := l.Run(until(&start(l, false, down(depth)).Future)); err != nil {
		t.Fatal(err)
	}
	if deepest != maxNested {
		t.Errorf("%d tasks on one stack, want %d", deepest, maxNested)
	}
	if want := depth/(maxNested+1) + 1; len(coroutines) != want {
		t.Errorf("%d tasks took %d coroutines, want %d", depth+1, len(coroutines), want)
	}
}

// plan is a random program: what one task does, and its children.
type plan struct {
	id    int
	steps []step
}

type step struct {
	kind  int
	child *plan
	d     time.Duration
}

const (
	stepSpawn = iota // create a child and go on
	stepCall         // create a child and await it
	stepJoin         // await the oldest child
	stepYield
	stepSleep
	stepCancel // cancel the oldest child
	stepFail
	stepKinds
)

func randomPlan(rng *rand.Rand, id *int, depth int) *plan {
	*id++
	p := &plan{id: *id}
	for range rng.IntN(6) {
		s := step{kind: rng.IntN(stepKinds), d: time.Duration(rng.IntN(4)) * time.Millisecond}
		if s.kind <= stepCall {
			if depth == 0 {
				continue
			}
			s.child = randomPlan(rng, id, depth-1)
		}
		p.steps = append(p.steps, s)
	}
	return p
}

// run carries a plan out and notes all that happens. apart puts an entry of no
// effect behind each new task, so that none is next in line when it is awaited
// and none shares its parent's stack.
func (p *plan) run(l *Loop, apart bool, note func(string)) func(ctx *Task) error {
	return func(ctx *Task) error {
		say := func(what string, err error) {
			note(fmt.Sprintf("%v task %d %s %v", l.Driver.Now(), p.id, what, err))
		}
		say("begins", nil)
		var children []*job
		for i, s := range p.steps {
			var err error
			switch s.kind {
			case stepSpawn, stepCall:
				if apart {
					l.ready.push(action(func() {}))
				}
				child := start(l, false, s.child.run(l, apart, note))
				child.done(func() { note(fmt.Sprintf("callback of %d", s.child.id)) })
				children = append(children, child)
				if s.kind == stepCall {
					err = child.Await(ctx)
				}
			case stepJoin, stepCancel:
				if len(children) == 0 {
					continue
				}
				if s.kind == stepCancel {
					children[0].Cancel(&Request{})
				}
				err = children[0].Await(ctx)
				children = children[1:]
			case stepYield:
				err = Sleep(ctx, 0)
			case stepSleep:
				err = Sleep(ctx, s.d)
			case stepFail:
				err = errCancelled
			}
			say(fmt.Sprintf("did step %d", i), err)
			if err != nil && i%2 == 0 {
				return err
			}
		}
		say("ends", nil)
		return nil
	}
}

func TestSharedStacksKeepTheOrder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	nested := 0
	for round := range uint64(100) {
		var traces [2][]string
		for i, apart := range []bool{false, true} {
			rng := rand.New(rand.NewPCG(seed, round))
			id := 0
			var plans []*plan
			for range 4 {
				plans = append(plans, randomPlan(rng, &id, 4))
			}
			l := newLoop(t, NewVirtual(epoch))
			note := func(s string) {
				traces[i] = append(traces[i], s)
				if l.current != nil && l.current.fiber != nil && l.current.fiber.Depth > 0 {
					if apart {
						t.Error("a stack is shared in spite of the entry between")
					}
					nested++
				}
			}
			for _, p := range plans {
				start(l, false, p.run(l, apart, note))
			}
			runAll(t, l)
		}
		if !slices.Equal(traces[0], traces[1]) {
			for i := range traces[0] {
				if i >= len(traces[1]) || traces[0][i] != traces[1][i] {
					t.Fatalf("round %d, line %d: %q and not as on stacks of their own:\n%q\n%q",
						round, i, traces[0][i], traces[0], traces[1])
				}
			}
			t.Fatalf("round %d: the trace stops early", round)
		}
	}
	if nested == 0 {
		t.Error("no stack was shared")
	}
}

// runAll runs the loop until it has no tasks, and closes it.
func runAll(t *testing.T, l *Loop) {
	t.Helper()
	for tasks := l.Tasks(); len(tasks) > 0; tasks = l.Tasks() {
		if err := l.Run(until(&tasks[0].Future)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
