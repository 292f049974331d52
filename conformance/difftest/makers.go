package difftest

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
