package engine

import "context"

// location is where a context leads: to which loop and task, and with whose end ends what
// is made there, or waits.
//
// A node of the engine (a task, a scope, a window, the root of a loop) has one that stays
// as it was made. A foreign context has that of the node it was derived from, and stands
// itself for from, ends and binds if it can end before that; one that never ends has none
// of these three.
//
// An end originates with Task.Cancel, with Scope.End, with a deadline (expiry), or outside,
// where a lookout sees it. It is passed on by links. Who ends with a context has one link
// to it: a scope that of Scope, joined in open; a task that of its membership, joined in
// enter; a wait that of bound, joined when it begins. Who ends by himself removes it. All
// of this is the owner's, and so is to pass an end on: deliver does to one, carry to those
// who end with that. It leaves a trace where it was: over of a Scope, first of a task's
// requests, ended of a membership, cause of a bound.
type location struct {
	loop *Loop
	task *Task // the nearest, nil if none

	from  context.Context // a scope made here ends with it: a node or a foreign one, or nil
	ends  context.Context // a wait here ends with it: a *Task, a *Scope or a foreign one, or nil
	binds context.Context // a task made here is cancelled by its end: a *Scope or a foreign one, or nil
	group *Scope          // a task made here is a member of it, nil if of none

	// In memory: a result of nine words without an array goes through nine registers, which
	// costs the tasks of a group a tenth (go1.26).
	_ [2]byte
}

// node is a context of the engine's own: a *Task, *Scope or *Window, or what has an Anchor.
type node interface {
	context.Context
	location() location
}

func (t *Task) location() location {
	return location{loop: t.loop, task: t, from: t, ends: t}
}

func (s *Scope) location() location { return s.at }

func (w *Window) location() location {
	at := lookup(w.parent)
	at.from = w
	return at
}

// nodeKey is the key under which a context has the node it was derived from.
type nodeKey struct{}

const nilContext = "asyncio: nil context: pass the ctx that the coroutine was given, or loop.Context()"

// lookup finds where ctx leads to; the loop is nil if nowhere.
func lookup(ctx context.Context) location {
	switch c := ctx.(type) {
	case *Task:
		return c.location()
	case *Scope:
		return c.at
	case nil:
		panic(nilContext)
	case node:
		return c.location()
	}
	var at location
	n, _ := ctx.Value(nodeKey{}).(node)
	if n != nil {
		at = n.location()
	}
	switch {
	case ctx.Done() == nil:
		return location{loop: at.loop, task: at.task}
	case n == nil || derived(ctx, n):
		at.from, at.ends, at.binds = ctx, ctx, ctx
	}
	return at
}

// derived reports whether ctx can end before n, which it leads to. Channels
// alone do not tell: contexts that had ended before they were asked share one.
func derived(ctx context.Context, n node) bool {
	done := ctx.Done()
	return done != n.Done() || ctx.Value(cancelKey) != n.Value(cancelKey)
}

// locate is lookup for verbs that need a loop.
func locate(ctx context.Context) location {
	at := lookup(ctx)
	if at.loop == nil {
		panic("asyncio: no event loop in this context: pass the ctx that the coroutine was given " +
			"(or one derived from it), or loop.Context()")
	}
	return at
}

// interrupts returns the context with which a wait of t ends that is begun with ctx, nil
// if there is none but t itself. One of another loop is asked as any foreign context is.
func (at *location) interrupts(t *Task, ctx context.Context) context.Context {
	switch end := at.ends.(type) {
	case *Task, *Scope:
		if at.loop != t.loop {
			return ctx
		}
		if end == context.Context(t) {
			return nil
		}
	}
	return at.ends
}

// Located returns the loop that ctx leads to, and the keeper of the group that
// tasks created with ctx belong to, nil if none.
func Located(ctx context.Context) (*Loop, Keeper) {
	if t, ok := ctx.(*Task); ok {
		return t.loop, nil
	}
	at := locate(ctx)
	return at.loop, at.keeper()
}

func (at *location) keeper() Keeper {
	if at.group == nil {
		return nil
	}
	return at.group.keeper
}

// GroupOf returns the keeper of the group that ctx, or the task it belongs to, is in,
// nil if none.
func GroupOf(ctx context.Context) Keeper {
	at := locate(ctx)
	if at.group == nil && at.task != nil && at.task.grouped() {
		return at.task.member().group.keeper
	}
	return at.keeper()
}

// Over reports whether there is no waiting with ctx any more, whatever for: it leads to
// a loop that is closed, or to a task that is done, while its goroutine goes on.
func Over(ctx context.Context) bool {
	at := lookup(ctx)
	return at.loop != nil && at.loop.closed.Load() || at.task != nil && at.task.Finished()
}

// TaskOf returns the task that ctx leads to, nil if none.
func TaskOf(ctx context.Context) *Task {
	if ctx == nil {
		return nil
	}
	return lookup(ctx).task
}
