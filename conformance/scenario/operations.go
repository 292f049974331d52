package scenario

import (
	"strings"

	"github.com/asyncio-go/asyncio"
)

// operation does what an Op says. It fails as the library does.
type operation func(m *machine, e env, op *Op) (outcome, error)

// operations has every operation of the language.
var operations map[string]operation

func init() {
	operations = map[string]operation{
		// Control.
		"log":             func(*machine, env, *Op) (outcome, error) { return outcome{}, nil },
		"set":             opSet,
		"add":             opAdd,
		"return":          opReturn,
		"fail":            func(_ *machine, _ env, op *Op) (outcome, error) { return outcome{}, failed(*op.Error) },
		"raise_cancelled": opRaiseCancelled,
		"reraise":         func(_ *machine, e env, _ *Op) (outcome, error) { return outcome{}, e.caught },
		"try":             opTry,
		"repeat":          opRepeat,
		"call":            opCall,

		// Tasks and futures: operations_tasks.go.
		"sleep":         opSleep,
		"create":        opCreate,
		"task_factory":  opTaskFactory,
		"await":         opAwait,
		"cancel":        opCancel,
		"cancelling":    onTask(func(t *asyncio.Task[string]) outcome { return value("%d", t.Cancelling()) }),
		"uncancel":      onTask(func(t *asyncio.Task[string]) outcome { return value("%d", t.Uncancel()) }),
		"done":          onFuture(func(f awaitable) outcome { return value("%t %t", f.Done(), f.Cancelled()) }),
		"result":        onFuture(func(f awaitable) outcome { return value("%s", ended(f)) }),
		"exception":     onFuture(opException),
		"current_task":  opCurrentTask,
		"all_tasks":     func(m *machine, _ env, _ *Op) (outcome, error) { return value("%s", m.pending()), nil },
		"set_result":    opSetResult,
		"set_exception": opSetException,
		"gather":        opGather,
		"wait":          opWait,
		"as_completed":  opAsCompleted,
		"wait_for":      opWaitFor,
		"shield":        opShield,

		// Scopes and callbacks: operations_loop.go.
		"timeout":         opTimeout,
		"reschedule":      opReschedule,
		"deadline":        opDeadline,
		"group":           opGroup,
		"call_soon":       opCallSoon,
		"call_later":      opCallLater,
		"call_at":         opCallAt,
		"cancel_handle":   opCancelHandle,
		"turns":           opTurns,
		"add_callback":    opAddCallback,
		"remove_callback": opRemoveCallback,

		// Locks and queues: operations_sync.go.
		"acquire":            opAcquire,
		"release":            opRelease,
		"locked":             opLocked,
		"with":               opWith,
		"event_wait":         opEventWait,
		"event_set":          onEvent(func(v *asyncio.Event) outcome { v.Set(); return outcome{} }),
		"event_clear":        onEvent(func(v *asyncio.Event) outcome { v.Clear(); return outcome{} }),
		"event_is_set":       onEvent(func(v *asyncio.Event) outcome { return value("%t", v.IsSet()) }),
		"condition_wait":     opConditionWait,
		"condition_wait_for": opConditionWaitFor,
		"notify":             opNotify,
		"notify_all":         opNotifyAll,
		"barrier_wait":       opBarrierWait,
		"barrier_abort":      onBarrier(func(b *asyncio.Barrier) outcome { b.Abort(); return outcome{} }),
		"barrier_reset":      onBarrier(func(b *asyncio.Barrier) outcome { b.Reset(); return outcome{} }),
		"barrier_state":      onBarrier(func(b *asyncio.Barrier) outcome { return value("%d %t", b.Waiting(), b.Broken()) }),
		"put":                opPut,
		"put_nowait":         opPutNoWait,
		"get":                opGet,
		"get_nowait":         opGetNoWait,
		"task_done":          opTaskDone,
		"join":               opJoin,
		"shutdown":           opShutdown,
		"queue_state":        opQueueState,
	}
}

// make makes an object of the program.
func (m *machine) make(name string, o Object) {
	t := m.bind(name)
	number := 0
	if o.Value != nil {
		number = *o.Value
	}
	switch o.Kind {
	case "barrier":
		t.obj = asyncio.NewBarrier(o.Parties)
	case "bounded_semaphore":
		t.obj = asyncio.NewBoundedSemaphore(number)
	case "condition":
		var lock *asyncio.Lock
		if o.Lock != "" {
			lock = m.names[o.Lock].obj.(*asyncio.Lock)
		}
		t.obj = asyncio.NewCondition(lock)
	case "event":
		t.obj = &asyncio.Event{}
	case "future":
		t.future = asyncio.NewFuture[string](m.loop.Context())
		t.aw = t.future
		m.things[t.future] = t
	case "lifo_queue":
		t.obj = asyncio.NewLifoQueue[item](o.Max)
	case "lock":
		t.obj = &asyncio.Lock{}
	case "priority_queue":
		less := func(a, b item) bool { return a.priority < b.priority }
		t.obj = asyncio.NewPriorityQueue(o.Max, less)
	case "queue":
		t.obj = asyncio.NewQueue[item](o.Max)
	case "semaphore":
		t.obj = asyncio.NewSemaphore(number)
	case "variable":
		t.num = number
		t.obj = &t.num
	}
}

func opSet(m *machine, _ env, op *Op) (outcome, error) {
	v, err := of[*int](m, op.Variable)
	if err == nil {
		*v = *op.To
	}
	return outcome{}, err
}

func opAdd(m *machine, _ env, op *Op) (outcome, error) {
	v, err := of[*int](m, op.Variable)
	if err != nil {
		return outcome{}, err
	}
	*v += *op.By
	return value("%d", *v), nil
}

func opReturn(_ *machine, _ env, op *Op) (outcome, error) {
	v := returned(op.Value)
	return outcome{ret: &v}, nil
}

func opRaiseCancelled(_ *machine, _ env, op *Op) (outcome, error) {
	return outcome{}, &asyncio.CancelledError{Message: strings.Join(messages(op), "")}
}

func messages(op *Op) []string {
	if op.Message == nil {
		return nil
	}
	return []string{*op.Message}
}

func opTry(m *machine, e env, op *Op) (outcome, error) {
	e = e.inside()
	ret, err := m.exec(e, op.Do)
	if err == errOver { //nolint:errorlint // as it is
		return outcome{}, err
	}
	if err != nil && op.Catch != "" && matches(op.Catch, err) {
		inside := e
		inside.caught = err
		if ret, err = m.exec(inside, op.Then); err == errOver { //nolint:errorlint // as it is
			return outcome{}, err
		}
	}
	final, e2 := m.exec(e, op.Finally)
	switch {
	case e2 != nil:
		return outcome{}, e2
	case final != nil:
		return outcome{ret: final}, nil
	}
	return outcome{ret: ret}, err
}

func opRepeat(m *machine, e env, op *Op) (outcome, error) {
	for range *op.Times {
		ret, err := m.exec(e.inside(), op.Do)
		if ret != nil || err != nil {
			return outcome{ret: ret}, err
		}
	}
	return outcome{}, nil
}

func opCall(m *machine, e env, op *Op) (outcome, error) {
	e = e.inside()
	e.caught = nil
	ret, err := m.exec(e, m.program.Coroutines[op.Coroutine])
	if err != nil {
		return outcome{}, err
	}
	return value("%s", returned(ret)), nil
}
