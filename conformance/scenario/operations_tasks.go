package scenario

import (
	"slices"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
)

type awaitable = asyncio.Awaitable[string]

// onFuture is an operation that asks a task or future.
func onFuture(f func(awaitable) outcome) operation {
	return func(m *machine, _ env, op *Op) (outcome, error) {
		t, err := m.get(op.Of)
		if err != nil {
			return outcome{}, err
		}
		return f(t.aw), nil
	}
}

// onTask is an operation that asks a task.
func onTask(f func(*asyncio.Task[string]) outcome) operation {
	return func(m *machine, _ env, op *Op) (outcome, error) {
		t, err := m.get(op.Task)
		if err != nil {
			return outcome{}, err
		}
		return f(t.task), nil
	}
}

// ended is the value or error of an awaitable that may be done.
func ended(f awaitable) string {
	v, err := f.Result()
	if err != nil {
		return "! " + show(err)
	}
	return v
}

func opException(f awaitable) outcome {
	if err := f.Err(); err != nil {
		return value("%s", show(err))
	}
	return value("none")
}

func opSleep(_ *machine, e env, op *Op) (outcome, error) {
	return outcome{}, asyncio.Sleep(e.ctx, time.Duration(*op.For)*unit)
}

func opCreate(m *machine, e env, op *Op) (outcome, error) {
	scope := e.ctx
	if op.Group != "" {
		group, err := of[*asyncio.TaskGroup](m, op.Group)
		if err != nil {
			return outcome{}, err
		}
		scope = group
	}
	before := m.names[op.Task]
	t := m.bind(op.Task)
	ops := op.Do
	if op.Coroutine != "" {
		ops = m.program.Coroutines[op.Coroutine]
	}
	opts := []asyncio.TaskOption{asyncio.WithName(t.name)}
	if op.Eager {
		opts = append(opts, asyncio.Eager())
	}
	depth := 0
	if op.Eager || m.eager {
		depth = e.depth + 1
	}
	task := asyncio.CreateTask(scope, m.body(t, ops, depth), opts...)
	if !t.begun && task.Done() {
		m.names[op.Task] = before
		return outcome{}, task.Err() // the group takes no more
	}
	m.known(t, task)
	return outcome{}, nil
}

func opTaskFactory(m *machine, _ env, op *Op) (outcome, error) {
	if m.eager = op.Eager; m.eager {
		m.loop.SetTaskFactory(asyncio.EagerTaskFactory)
	} else {
		m.loop.SetTaskFactory(nil)
	}
	return outcome{}, nil
}

// passingOn has the task of e await what its cancellations are passed on to. Where
// that leads back to the task it would end in a recursion, or never, on CPython.
func (m *machine) passingOn(e env, things []*thing, await func() error) error {
	seen, todo := map[*thing]bool{}, slices.Clone(things)
	for len(todo) > 0 {
		t := todo[0]
		todo = todo[1:]
		if t == e.me {
			return errDeadlock
		}
		if !seen[t] {
			seen[t] = true
			todo = append(todo, t.waits...)
		}
	}
	if m.waiting == maxWaiting {
		return errDeep
	}
	m.waiting++
	e.me.waits = things
	err := await()
	e.me.waits = nil
	m.waiting--
	return err
}

func opAwait(m *machine, e env, op *Op) (outcome, error) {
	return m.awaiting(e, op, func(t *thing) (string, error) { return t.aw.Await(e.ctx) })
}

// awaiting is an operation that awaits one task or future for its value.
func (m *machine) awaiting(e env, op *Op, await func(*thing) (string, error)) (out outcome, err error) {
	t, err := m.get(op.Of)
	if err != nil {
		return outcome{}, err
	}
	err = m.passingOn(e, []*thing{t}, func() error {
		v, err := await(t)
		out = value("%s", v)
		return err
	})
	return out, err
}

func opWaitFor(m *machine, e env, op *Op) (outcome, error) {
	return m.awaiting(e, op, func(t *thing) (string, error) {
		if op.Timeout == nil {
			return t.aw.Await(e.ctx)
		}
		return asyncio.WaitFor(e.ctx, t.aw, time.Duration(*op.Timeout)*unit)
	})
}

func opShield(m *machine, e env, op *Op) (outcome, error) {
	t, err := m.get(op.Of)
	if err != nil {
		return outcome{}, err
	}
	v, err := asyncio.Shield(e.ctx, t.aw)
	return value("%s", v), err
}

func opCancel(m *machine, _ env, op *Op) (outcome, error) {
	t, err := m.get(op.Of)
	if err != nil {
		return outcome{}, err
	}
	return value("%t", t.aw.Cancel(messages(op)...)), nil
}

func opCurrentTask(m *machine, _ env, _ *Op) (outcome, error) {
	if t := asyncio.CurrentTask(m.loop.Context()); t != nil {
		return value("%s", t.Name()), nil
	}
	return value("none"), nil
}

func opSetResult(m *machine, _ env, op *Op) (outcome, error) {
	t, err := m.get(op.Future)
	if err == nil {
		err = t.future.SetResult(*op.Value)
	}
	return outcome{}, err
}

func opSetException(m *machine, _ env, op *Op) (outcome, error) {
	t, err := m.get(op.Future)
	if err == nil {
		err = t.future.SetErr(failed(*op.Error))
	}
	return outcome{}, err
}

// allOf returns what the names of op stand for.
func (m *machine) allOf(op *Op) (things []*thing, err error) {
	for _, name := range op.All {
		t, err := m.get(name)
		if err != nil {
			return nil, err
		}
		things = append(things, t)
	}
	return things, nil
}

func awaitables(things []*thing) []awaitable {
	all := make([]awaitable, len(things))
	for i, t := range things {
		all[i] = t.aw
	}
	return all
}

func opGather(m *machine, e env, op *Op) (outcome, error) {
	things, err := m.allOf(op)
	if err != nil {
		return outcome{}, err
	}
	var parts []string
	err = m.passingOn(e, things, func() error {
		if !op.ReturnExceptions {
			parts, err = asyncio.Gather[awaitable, string](e.ctx, awaitables(things)...)
			return err
		}
		outcomes, err := asyncio.GatherAll[awaitable, string](e.ctx, awaitables(things)...)
		for _, o := range outcomes {
			if o.Err != nil {
				parts = append(parts, "! "+show(o.Err))
			} else {
				parts = append(parts, o.Value)
			}
		}
		return err
	})
	return value("[%s]", strings.Join(parts, ", ")), err
}

func opWait(m *machine, e env, op *Op) (outcome, error) {
	things, err := m.allOf(op)
	if err != nil {
		return outcome{}, err
	}
	o := asyncio.WaitOptions{ReturnWhen: map[string]asyncio.ReturnWhen{
		"first_completed": asyncio.FirstCompleted,
		"first_exception": asyncio.FirstException,
	}[op.ReturnWhen]}
	if op.Timeout != nil {
		if o.Timeout = time.Duration(*op.Timeout) * unit; o.Timeout == 0 {
			o.Timeout = -1 // zero is none
		}
	}
	done, pending, err := asyncio.Wait(e.ctx, awaitables(things), o)
	if err != nil && len(things) == 0 {
		err = errNothing
	}
	return value("done %s pending %s", m.namesOf(done), m.namesOf(pending)), err
}

func (m *machine) namesOf(fs []awaitable) string {
	var names []string
	for _, f := range fs {
		names = append(names, m.things[f].name)
	}
	return list(names)
}

func opAsCompleted(m *machine, e env, op *Op) (outcome, error) {
	things, err := m.allOf(op)
	if err != nil {
		return outcome{}, err
	}
	within, left := 2*horizon*unit, 0
	if op.Timeout != nil {
		within = time.Duration(*op.Timeout) * unit
	}
	if op.Take != nil {
		left = *op.Take
	}
	for f, err := range asyncio.AsCompletedWithin(e.ctx, awaitables(things), within) {
		if err != nil {
			return outcome{}, err
		}
		if m.over {
			return outcome{}, errOver
		}
		m.say("%s next %s = %s", op.label, m.things[f].name, ended(f))
		ret, err := m.exec(e.inside(), op.Do)
		if ret != nil || err != nil {
			return outcome{ret: ret}, err
		}
		if left--; left == 0 {
			break
		}
	}
	return outcome{}, nil
}
