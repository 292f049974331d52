package difftest

import (
	"fmt"
	"math/rand/v2"

	"github.com/asyncio-go/asyncio/conformance/scenario"
)

type (
	program = scenario.Program
	op      = scenario.Op
)

// Generate makes the i-th program of a seed, always the same.
//
// Most programs have a theme, so that things meet which have to do with each other.
// Times are few and small, so that much happens in the same turn.
func Generate(seed, i uint64) *program {
	g := &generator{r: rand.New(rand.NewPCG(seed, i)), made: map[string]int{}, objects: map[string][]string{}}
	if g.r.IntN(2000) == 0 {
		return &program{Objects: burstObjects, Main: pick(g, bursts)}
	}
	g.theme = themes[g.r.IntN(len(themes))]
	g.p = &program{Objects: map[string]scenario.Object{}}
	g.makeObjects()
	if g.chance(0.25) {
		name := g.name("f")
		g.p.Coroutines = map[string][]*op{name: g.body(place{})}
		g.coroutines = []string{name}
	}
	g.names = []string{"main"}
	if g.chance(0.12) && g.theme.eager {
		g.add(&g.p.Main, &op{Op: "task_factory", Eager: true})
	}
	for range 1 + g.r.IntN(4) {
		g.add(&g.p.Main, g.create(place{}))
	}
	g.p.Main = append(g.p.Main, g.body(place{})...)
	for _, name := range g.names[1:] {
		if g.chance(0.6) {
			wait := &op{Op: "await", Of: name}
			if g.chance(0.7) { // main had better live to see the others
				wait = &op{Op: "try", Do: []*op{wait}, Catch: "any", Then: []*op{}}
			}
			g.add(&g.p.Main, wait)
		}
	}
	return g.p
}

// theme says how much of what there is in a program.
type theme struct {
	subjects []string // of operations, beside tasks; more often if named twice
	kinds    []string // of objects
	eager    bool
}

var themes = []theme{
	{subjects: []string{"cancel", "cancel"}, kinds: []string{"future"}},
	{subjects: []string{"cancel"}, kinds: []string{"future"}, eager: true},
	{subjects: []string{"combine", "combine", "cancel"}, kinds: []string{"future"}},
	{subjects: []string{"combine", "scope"}, kinds: []string{"future", "event"}},
	{subjects: []string{"combine", "scope"}, kinds: []string{"future"}, eager: true},
	{subjects: []string{"scope", "scope", "cancel"}, kinds: []string{"future", "event"}},
	{subjects: []string{"scope", "callback"}, kinds: []string{"future", "queue"}},
	{subjects: []string{"scope", "lock"}, kinds: []string{"lock", "semaphore", "condition", "variable"}},
	{subjects: []string{"callback", "cancel"}, kinds: []string{"future", "future"}},
	{subjects: []string{"callback", "callback", "combine"}, kinds: []string{"future", "future"}, eager: true},
	{subjects: []string{"lock", "lock"}, kinds: []string{"lock", "event", "semaphore"}},
	{subjects: []string{"lock", "cancel"}, kinds: []string{"lock", "bounded_semaphore"}},
	{subjects: []string{"lock", "cancel"}, kinds: []string{"semaphore"}},
	{subjects: []string{"condition", "condition", "cancel"}, kinds: []string{"condition", "variable"}},
	{subjects: []string{"condition", "lock"}, kinds: []string{"lock", "condition", "condition", "variable"}},
	{subjects: []string{"barrier", "barrier", "cancel"}, kinds: []string{"barrier"}},
	{subjects: []string{"queue", "queue"}, kinds: []string{"queue"}},
	{subjects: []string{"queue", "queue", "cancel"}, kinds: []string{"queue"}, eager: true},
	{subjects: []string{"queue", "queue", "scope"}, kinds: []string{"priority_queue", "lifo_queue"}},
	{
		subjects: []string{"cancel", "combine", "scope", "callback", "lock", "condition", "barrier", "queue"},
		kinds:    []string{"future", "lock", "event", "condition", "variable", "semaphore", "barrier", "queue"},
		eager:    true,
	},
}

type generator struct {
	r          *rand.Rand
	theme      theme
	p          *program
	left       int // operations that may still be made in this body
	made       map[string]int
	objects    map[string][]string // by kind
	coroutines []string
	names      []string // of tasks
	groups     []string
	scopes     []string
	handles    []string
	callbacks  []string
}

// place is where operations are being made.
type place struct {
	depth    int
	callback bool
	caught   bool
}

func (p place) inside() place { p.depth++; return p }

func (g *generator) chance(p float64) bool { return g.r.Float64() < p }

func pick[T any](g *generator, from []T) T { return from[g.r.IntN(len(from))] }

// recent picks one, the later the likelier.
func (g *generator) recent(from []string) string {
	return from[max(g.r.IntN(len(from)), g.r.IntN(len(from)))]
}

func (g *generator) name(prefix string) string {
	g.made[prefix]++
	return fmt.Sprintf("%s%d", prefix, g.made[prefix])
}

func number(n int) *int { return &n }

// delay is short, and often none.
func (g *generator) delay() *int { return number(pick(g, []int{0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 10})) }

func (g *generator) makeObjects() {
	for _, kind := range g.theme.kinds {
		name := g.name(map[string]string{
			"barrier": "b", "bounded_semaphore": "bs", "condition": "c", "event": "e", "future": "fut",
			"lifo_queue": "lq", "lock": "l", "priority_queue": "pq", "queue": "q", "semaphore": "s", "variable": "v",
		}[kind])
		o := scenario.Object{Kind: kind}
		switch kind {
		case "barrier":
			o.Parties = 1 + g.r.IntN(3)
		case "semaphore", "bounded_semaphore":
			o.Value = number(g.r.IntN(3))
		case "condition":
			if locks := g.objects["lock"]; len(locks) > 0 {
				o.Lock = pick(g, locks)
			}
		case "queue", "priority_queue", "lifo_queue":
			o.Max = pick(g, []int{0, 0, 1, 1, 2})
			kind = "queue"
		}
		g.p.Objects[name] = o
		g.objects[kind] = append(g.objects[kind], name)
		if kind == "bounded_semaphore" {
			g.objects["semaphore"] = append(g.objects["semaphore"], name)
		}
	}
}

func (g *generator) add(to *[]*op, o *op) {
	if o != nil {
		*to = append(*to, o)
	}
}

// body makes what a task does.
func (g *generator) body(at place) []*op {
	outer := g.left
	g.left = 2 + g.r.IntN(9)
	ops := []*op{}
	at.depth++
	for range g.left {
		g.add(&ops, g.op(at))
	}
	g.left = outer
	return ops
}

// ops makes what stands in a block: less, the deeper that is.
func (g *generator) ops(at place) []*op {
	ops := []*op{}
	for range 1 + g.r.IntN(1+max(0, 4-at.depth)) {
		g.add(&ops, g.op(at))
	}
	return ops
}

// op makes an operation, nil if there have been enough.
func (g *generator) op(at place) *op {
	if g.left <= 0 || at.depth > 6 {
		return nil
	}
	g.left--
	for {
		subject := "task"
		if !g.chance(0.4) {
			subject = pick(g, g.theme.subjects)
		}
		if g.chance(0.08) {
			subject = "control"
		}
		if o := makers[subject](g, at); o != nil {
			switch {
			case wakes[o.Op] && g.chance(0.3):
				return g.pounce(o, at)
			case risky[o.Op] || scenario.Language.Ops[o.Op].Waits:
				return g.tried(o, at)
			}
			return o
		}
	}
}

// risky are operations that fail often, beside those that wait.
var risky = map[string]bool{
	"set_result": true, "set_exception": true, "release": true, "notify": true, "notify_all": true,
	"put_nowait": true, "get_nowait": true, "task_done": true, "reschedule": true,
}

// wakes are operations that end somebody's wait.
var wakes = map[string]bool{
	"release": true, "notify": true, "notify_all": true, "event_set": true, "put_nowait": true, "get_nowait": true,
	"task_done": true, "shutdown": true, "set_result": true, "set_exception": true, "barrier_abort": true, "barrier_reset": true,
}

// pounce is o and, in the same step, the cancellation of somebody whom it may have woken
// or been about to wake.
func (g *generator) pounce(o *op, at place) *op {
	do := []*op{o, {Op: "cancel", Of: g.task(at), Message: g.message()}}
	if g.chance(0.3) {
		do[0], do[1] = do[1], do[0]
	}
	return &op{Op: "try", Do: do, Catch: "any", Then: []*op{}}
}

// tried is o, often with a try around it: most errors would end the task.
func (g *generator) tried(o *op, at place) *op {
	if !g.chance(0.55) {
		return o
	}
	t := &op{Op: "try", Do: []*op{o}}
	if g.chance(0.9) {
		t.Catch = pick(g, []string{"any", "any", "cancelled", "cancelled", "error", "timeout"})
		then := at.inside()
		then.caught = true
		then.depth += 2 // short
		switch {
		case g.chance(0.6):
			t.Then = []*op{}
		case g.chance(0.5):
			t.Then = append(g.ops(then), &op{Op: "reraise"})
		default:
			t.Then = g.ops(then)
		}
	}
	if t.Catch == "" || g.chance(0.1) {
		t.Finally = g.ops(place{depth: at.depth + 3, callback: at.callback, caught: at.caught})
	}
	return t
}

// task picks a task.
func (g *generator) task(at place) string {
	if !at.callback && g.chance(0.1) || len(g.names) == 0 {
		return "self"
	}
	return g.recent(g.names)
}

// awaitable picks a task or a future.
func (g *generator) awaitable(at place) string {
	if futures := g.objects["future"]; len(futures) > 0 && g.chance(0.35) {
		return pick(g, futures)
	}
	return g.task(at)
}

func (g *generator) awaitables(at place) []string {
	all := []string{}
	for range g.r.IntN(4) + min(g.r.IntN(2), 1) {
		all = append(all, g.awaitable(at))
	}
	return all
}

func (g *generator) message() *string {
	if !g.chance(0.4) {
		return nil
	}
	return g.text("m")
}

func (g *generator) text(prefix string) *string {
	s := fmt.Sprint(prefix, g.r.IntN(5))
	return &s
}

func (g *generator) create(at place) *op {
	o := &op{Op: "create", Task: g.name("t")}
	if len(g.groups) > 0 && g.chance(0.5) {
		o.Group = g.recent(g.groups)
	}
	o.Eager = g.theme.eager && g.chance(0.4)
	if len(g.coroutines) > 0 && g.chance(0.2) {
		o.Coroutine = pick(g, g.coroutines)
	} else {
		o.Do = g.body(place{depth: at.depth})
	}
	g.names = append(g.names, o.Task)
	return o
}
