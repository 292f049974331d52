package scenario

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio"
)

func opTimeout(m *machine, e env, op *Op) (out outcome, err error) {
	tm := asyncio.NewTimeoutAt(m.moment(op.At))
	if op.After != nil {
		tm = asyncio.NewTimeout(time.Duration(*op.After) * unit)
	}
	err = tm.Do(e.ctx, func(ctx context.Context) error {
		m.bind(op.Scope).obj = tm
		inside := e.inside()
		inside.ctx = ctx
		out.ret, err = m.exec(inside, op.Do)
		return err
	})
	return out, err
}

// moment is a time of the loop, the zero time for none.
func (m *machine) moment(at *int) time.Time {
	if at == nil {
		return time.Time{}
	}
	return m.start.Add(time.Duration(*at) * unit)
}

func opReschedule(m *machine, _ env, op *Op) (outcome, error) {
	tm, err := of[*asyncio.TimeoutScope](m, op.Scope)
	if err != nil {
		return outcome{}, err
	}
	when := m.moment(op.At)
	if op.After != nil {
		when = m.loop.Time().Add(time.Duration(*op.After) * unit)
	}
	if tm.Reschedule(when) != nil {
		return outcome{}, errLate
	}
	return outcome{}, nil
}

func opDeadline(m *machine, _ env, op *Op) (outcome, error) {
	tm, err := of[*asyncio.TimeoutScope](m, op.Scope)
	if err != nil {
		return outcome{}, err
	}
	when := tm.When()
	if when.IsZero() {
		return value("none %t", tm.Expired()), nil
	}
	return value("%d %t", when.Sub(m.start)/unit, tm.Expired()), nil
}

func opGroup(m *machine, e env, op *Op) (out outcome, err error) {
	err = asyncio.WithTaskGroup(e.ctx, func(tg *asyncio.TaskGroup) error {
		m.bind(op.Group).obj = tg
		out.ret, err = m.exec(e.inside(), op.Do)
		return err
	})
	return out, err
}

func opCallSoon(m *machine, _ env, op *Op) (outcome, error) {
	m.bind(op.Handle).obj = m.loop.CallSoon(m.callback(op.Do))
	return outcome{}, nil
}

func opCallLater(m *machine, _ env, op *Op) (outcome, error) {
	m.bind(op.Handle).obj = m.loop.CallLater(time.Duration(*op.After)*unit, m.callback(op.Do))
	return outcome{}, nil
}

func opCallAt(m *machine, _ env, op *Op) (outcome, error) {
	m.bind(op.Handle).obj = m.loop.CallAt(m.moment(op.At), m.callback(op.Do))
	return outcome{}, nil
}

func opCancelHandle(m *machine, _ env, op *Op) (outcome, error) {
	h, err := of[*asyncio.Handle](m, op.Handle)
	if err == nil {
		h.Cancel()
	}
	return outcome{}, err
}

func opTurns(m *machine, _ env, op *Op) (outcome, error) {
	var turn func(i int) func()
	turn = func(i int) func() {
		return func() {
			if i <= *op.Times && m.step() == nil {
				m.say("turn %d", i)
				m.loop.CallSoon(turn(i + 1))
			}
		}
	}
	m.loop.CallSoon(turn(1))
	return outcome{}, nil
}

func opAddCallback(m *machine, _ env, op *Op) (outcome, error) {
	t, err := m.get(op.Of)
	if err != nil {
		return outcome{}, err
	}
	call := m.callback(op.Do)
	cb := m.bind(op.Callback)
	if t.task != nil {
		cb.remove = t.task.AddDoneCallback(func(*asyncio.Task[string]) { call() })
	} else {
		cb.remove = t.future.AddDoneCallback(func(*asyncio.Future[string]) { call() })
	}
	return outcome{}, nil
}

func opRemoveCallback(m *machine, _ env, op *Op) (outcome, error) {
	cb, err := m.get(op.Callback)
	if err != nil {
		return outcome{}, err
	}
	return value("%t", cb.remove()), nil
}
