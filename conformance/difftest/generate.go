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

// makers make an operation of a subject, nil if there is none to be made here.
var makers map[string]func(g *generator, at place) *op

func init() {
	makers = map[string]func(*generator, place) *op{
		"task":      (*generator).makeTask,
		"control":   (*generator).makeControl,
		"cancel":    (*generator).makeCancel,
		"combine":   (*generator).makeCombine,
		"scope":     (*generator).makeScope,
		"callback":  (*generator).makeCallback,
		"lock":      (*generator).makeLock,
		"condition": (*generator).makeCondition,
		"barrier":   (*generator).makeBarrier,
		"queue":     (*generator).makeQueue,
	}
}

func (g *generator) makeTask(at place) *op {
	switch n := g.r.IntN(12); {
	case n < 2:
		if at.depth > 4 || g.chance(float64(g.made["t"])/10) {
			return nil
		}
		return g.create(at)
	case n == 2:
		return &op{Op: "done", Of: g.awaitable(at)}
	case n == 3:
		return &op{Op: pick(g, []string{"result", "exception"}), Of: g.awaitable(at)}
	case n == 4:
		return &op{Op: pick(g, []string{"current_task", "all_tasks"})}
	case at.callback:
		return nil
	case n < 9:
		return &op{Op: "sleep", For: g.delay()}
	}
	return &op{Op: "await", Of: g.awaitable(at)}
}

func (g *generator) makeControl(at place) *op {
	switch g.r.IntN(10) {
	case 0:
		return &op{Op: "return", Value: g.text("r")}
	case 1:
		return &op{Op: "fail", Error: g.text("x")}
	case 3:
		return &op{Op: "turns", Times: number(1 + g.r.IntN(4))}
	case 4:
		return &op{Op: "repeat", Times: number(g.r.IntN(4)), Do: g.ops(at.inside())}
	case 5:
		if !at.callback {
			return &op{Op: "raise_cancelled", Message: g.message()}
		}
	case 6:
		if !at.callback && len(g.coroutines) > 0 {
			return &op{Op: "call", Coroutine: pick(g, g.coroutines)}
		}
	case 7:
		if at.caught {
			return &op{Op: "reraise"}
		}
	case 2, 8:
		if !at.callback {
			return &op{Op: "sleep", For: g.delay()}
		}
	case 9:
		return &op{Op: "log", Text: g.text("l")}
	}
	return nil
}

func (g *generator) makeCancel(at place) *op {
	switch n := g.r.IntN(10); {
	case n < 5:
		return &op{Op: "cancel", Of: g.awaitable(at), Message: g.message()}
	case n == 5:
		return &op{Op: "cancelling", Task: g.task(at)}
	case n == 6:
		return &op{Op: "uncancel", Task: g.task(at)}
	case n == 7:
		return &op{Op: "call_soon", Handle: g.name("h"), Do: []*op{{Op: "cancel", Of: g.awaitable(place{callback: true}), Message: g.message()}}}
	}
	return g.setFuture()
}

func (g *generator) setFuture() *op {
	futures := g.objects["future"]
	switch {
	case len(futures) == 0:
		return nil
	case g.chance(0.7):
		return &op{Op: "set_result", Future: pick(g, futures), Value: g.text("v")}
	}
	return &op{Op: "set_exception", Future: pick(g, futures), Error: g.text("x")}
}

func (g *generator) makeCombine(at place) *op {
	if at.callback {
		return nil
	}
	var timeout *int
	if g.chance(0.5) {
		timeout = g.delay()
	}
	switch g.r.IntN(7) {
	case 0, 1:
		return &op{Op: "gather", All: g.awaitables(at), ReturnExceptions: g.chance(0.5)}
	case 2:
		return &op{
			Op: "wait", All: g.awaitables(at), Timeout: timeout,
			ReturnWhen: pick(g, []string{"", "all_completed", "first_completed", "first_completed", "first_exception"}),
		}
	case 3:
		o := &op{Op: "as_completed", All: g.awaitables(at), Timeout: timeout}
		if g.chance(0.3) {
			o.Take = number(g.r.IntN(3))
		}
		if g.chance(0.4) {
			o.Do = g.ops(at.inside())
		}
		return o
	case 4, 5:
		return &op{Op: "wait_for", Of: g.awaitable(at), Timeout: timeout}
	}
	return &op{Op: "shield", Of: g.awaitable(at)}
}

func (g *generator) makeScope(at place) *op {
	switch n := g.r.IntN(8); {
	case n == 0 && len(g.scopes) > 0:
		o := &op{Op: "reschedule", Scope: g.recent(g.scopes)}
		switch g.r.IntN(3) {
		case 0:
			o.After = g.delay()
		case 1:
			o.At = number(g.r.IntN(10))
		}
		return o
	case n == 1 && len(g.scopes) > 0:
		return &op{Op: "deadline", Scope: g.recent(g.scopes)}
	case at.callback || at.depth > 5:
		return nil
	case n < 5:
		o := &op{Op: "timeout", Scope: g.name("tm")}
		switch g.r.IntN(8) {
		case 0:
		case 1:
			o.At = number(g.r.IntN(10))
		default:
			o.After = g.delay()
		}
		g.scopes = append(g.scopes, o.Scope)
		o.Do = g.ops(at.inside())
		return o
	}
	o := &op{Op: "group", Group: g.name("g")}
	g.groups = append(g.groups, o.Group)
	o.Do = []*op{}
	for range 1 + g.r.IntN(3) {
		c := g.create(at.inside())
		c.Group = o.Group
		g.add(&o.Do, c)
	}
	o.Do = append(o.Do, g.ops(at.inside())...)
	return o
}

func (g *generator) makeCallback(at place) *op {
	inside := place{depth: at.depth + 1, callback: true}
	switch n := g.r.IntN(9); {
	case n < 3:
		o := &op{Op: pick(g, []string{"call_soon", "call_later", "call_at"}), Handle: g.name("h")}
		switch o.Op {
		case "call_later":
			o.After = g.delay()
		case "call_at":
			o.At = number(g.r.IntN(8))
		}
		o.Do = g.ops(inside)
		g.handles = append(g.handles, o.Handle)
		return o
	case n == 3 && len(g.handles) > 0:
		return &op{Op: "cancel_handle", Handle: g.recent(g.handles)}
	case n < 6:
		o := &op{Op: "add_callback", Of: g.awaitable(at), Callback: g.name("cb")}
		g.callbacks = append(g.callbacks, o.Callback)
		o.Do = g.ops(inside)
		return o
	case n == 6 && len(g.callbacks) > 0:
		return &op{Op: "remove_callback", Callback: g.recent(g.callbacks)}
	}
	return g.setFuture()
}

func (g *generator) makeLock(at place) *op {
	if events := g.objects["event"]; len(events) > 0 && g.chance(0.3) {
		kind := pick(g, []string{"event_wait", "event_wait", "event_set", "event_clear", "event_is_set"})
		if at.callback && kind == "event_wait" {
			return nil
		}
		return &op{Op: kind, Event: pick(g, events)}
	}
	var locks []string
	for _, kind := range []string{"lock", "semaphore", "condition"} {
		locks = append(locks, g.objects[kind]...)
	}
	if len(locks) == 0 {
		return nil
	}
	switch n := g.r.IntN(10); {
	case n < 2:
		return &op{Op: "release", Lock: pick(g, locks)}
	case n == 2:
		return &op{Op: "locked", Lock: pick(g, locks)}
	case at.callback:
		return nil
	case n < 6:
		return &op{Op: "acquire", Lock: pick(g, locks)}
	}
	return &op{Op: "with", Lock: pick(g, locks), Do: g.ops(at.inside())}
}

func (g *generator) makeCondition(at place) *op {
	conditions, variables := g.objects["condition"], g.objects["variable"]
	if len(conditions) == 0 || len(variables) == 0 {
		return nil
	}
	c, v := pick(g, conditions), pick(g, variables)
	change := []*op{
		{Op: "add", Variable: v, By: number(pick(g, []int{1, 1, 2, -1}))},
		{Op: "notify", Condition: c, N: number(g.r.IntN(3))},
	}
	if g.chance(0.4) {
		change[1] = &op{Op: "notify_all", Condition: c}
	}
	switch n := g.r.IntN(8); {
	case n == 0 && g.chance(0.2):
		return &op{Op: "set", Variable: v, To: number(g.r.IntN(3))}
	case n == 0:
		return pick(g, change)
	case at.callback:
		return nil
	case n < 4:
		change = append(change, g.ops(at.inside())...)
		return &op{Op: "with", Lock: c, Do: change}
	case n == 4:
		return g.wait(c, v)
	}
	return &op{Op: "with", Lock: c, Do: append([]*op{g.tried(g.wait(c, v), at.inside())}, g.ops(at.inside())...)}
}

func (g *generator) wait(condition, variable string) *op {
	if g.chance(0.5) {
		return &op{Op: "condition_wait", Condition: condition}
	}
	return &op{Op: "condition_wait_for", Condition: condition, Variable: variable, AtLeast: number(1 + g.r.IntN(3))}
}

func (g *generator) makeBarrier(at place) *op {
	barriers := g.objects["barrier"]
	switch n := g.r.IntN(8); {
	case len(barriers) == 0:
		return nil
	case n == 0:
		return &op{Op: "barrier_state", Barrier: pick(g, barriers)}
	case at.callback:
		return nil
	case n == 1:
		return &op{Op: "barrier_abort", Barrier: pick(g, barriers)}
	case n == 2:
		return &op{Op: "barrier_reset", Barrier: pick(g, barriers)}
	}
	return &op{Op: "barrier_wait", Barrier: pick(g, barriers)}
}

func (g *generator) makeQueue(at place) *op {
	queues := g.objects["queue"]
	if len(queues) == 0 {
		return nil
	}
	o := &op{Queue: pick(g, queues)}
	switch n := g.r.IntN(15); {
	case n < 2:
		o.Op = "put_nowait"
	case n < 4:
		o.Op = "get_nowait"
	case n == 4:
		o.Op = "queue_state"
	case n == 5:
		o.Op = "task_done"
	case n == 6 && g.chance(0.6):
		o.Op, o.Immediate = "shutdown", g.chance(0.4)
	case at.callback:
		return nil
	case n == 7:
		o.Op = "join"
	case n < 11:
		o.Op = "put"
	default:
		o.Op = "get"
	}
	if o.Op == "put" || o.Op == "put_nowait" {
		o.Item = g.text("i")
		if g.chance(0.7) {
			o.Priority = number(g.r.IntN(3))
		}
	}
	return o
}
