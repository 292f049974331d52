package scenario

import (
	"context"

	"github.com/asyncio-go/asyncio"
)

// item is what queues hold.
type item struct {
	text     string
	priority int
}

// lockLike is what acquire, release, locked and with are for.
type lockLike interface {
	Acquire(ctx context.Context) error
	Release() error
	Locked() bool
	With(ctx context.Context, f func() error) error
}

func opAcquire(m *machine, e env, op *Op) (outcome, error) {
	l, err := of[lockLike](m, op.Lock)
	if err == nil {
		err = l.Acquire(e.ctx)
	}
	return outcome{}, err
}

func opRelease(m *machine, _ env, op *Op) (outcome, error) {
	l, err := of[lockLike](m, op.Lock)
	if err == nil {
		err = l.Release()
	}
	return outcome{}, err
}

func opLocked(m *machine, _ env, op *Op) (outcome, error) {
	l, err := of[lockLike](m, op.Lock)
	if err != nil {
		return outcome{}, err
	}
	return value("%t", l.Locked()), nil
}

func opWith(m *machine, e env, op *Op) (out outcome, err error) {
	l, err := of[lockLike](m, op.Lock)
	if err != nil {
		return outcome{}, err
	}
	err = l.With(e.ctx, func() error {
		out.ret, err = m.exec(e.inside(), op.Do)
		return err
	})
	return out, err
}

// onEvent is an operation that does not wait.
func onEvent(f func(*asyncio.Event) outcome) operation {
	return func(m *machine, _ env, op *Op) (outcome, error) {
		v, err := of[*asyncio.Event](m, op.Event)
		if err != nil {
			return outcome{}, err
		}
		return f(v), nil
	}
}

func opEventWait(m *machine, e env, op *Op) (outcome, error) {
	v, err := of[*asyncio.Event](m, op.Event)
	if err == nil {
		err = v.Wait(e.ctx)
	}
	return outcome{}, err
}

func opConditionWait(m *machine, e env, op *Op) (outcome, error) {
	c, err := of[*asyncio.Condition](m, op.Condition)
	if err == nil {
		err = c.Wait(e.ctx)
	}
	return outcome{}, err
}

func opConditionWaitFor(m *machine, e env, op *Op) (outcome, error) {
	c, err := of[*asyncio.Condition](m, op.Condition)
	if err != nil {
		return outcome{}, err
	}
	v, err := of[*int](m, op.Variable)
	if err == nil {
		err = c.WaitFor(e.ctx, func() bool {
			enough := *v >= *op.AtLeast
			if op.Look {
				m.say("look %s = %t", op.Variable, enough)
			}
			return enough
		})
	}
	return outcome{}, err
}

func opNotify(m *machine, _ env, op *Op) (outcome, error) {
	c, err := of[*asyncio.Condition](m, op.Condition)
	if err == nil {
		err = c.Notify(*op.N)
	}
	return outcome{}, err
}

func opNotifyAll(m *machine, _ env, op *Op) (outcome, error) {
	c, err := of[*asyncio.Condition](m, op.Condition)
	if err == nil {
		err = c.NotifyAll()
	}
	return outcome{}, err
}

// onBarrier is an operation that does not wait.
func onBarrier(f func(*asyncio.Barrier) outcome) operation {
	return func(m *machine, _ env, op *Op) (outcome, error) {
		b, err := of[*asyncio.Barrier](m, op.Barrier)
		if err != nil {
			return outcome{}, err
		}
		return f(b), nil
	}
}

func opBarrierWait(m *machine, e env, op *Op) (outcome, error) {
	b, err := of[*asyncio.Barrier](m, op.Barrier)
	if err != nil {
		return outcome{}, err
	}
	i, err := b.Wait(e.ctx)
	return value("%d", i), err
}

// queue is one of any kind: each has methods of its own.
type queue interface {
	Put(context.Context, item) error
	PutNoWait(item) error
	Get(context.Context) (item, error)
	GetNoWait() (item, error)
	TaskDone() error
	Join(context.Context) error
	Shutdown(immediate ...bool)
	Len() int
	Empty() bool
	Full() bool
}

func (m *machine) queue(op *Op) (queue, error) { return of[queue](m, op.Queue) }

func itemOf(op *Op) item {
	it := item{text: *op.Item}
	if op.Priority != nil {
		it.priority = *op.Priority
	}
	return it
}

func opPut(m *machine, e env, op *Op) (outcome, error) {
	q, err := m.queue(op)
	if err == nil {
		err = q.Put(e.ctx, itemOf(op))
	}
	return outcome{}, err
}

func opPutNoWait(m *machine, _ env, op *Op) (outcome, error) {
	q, err := m.queue(op)
	if err == nil {
		err = q.PutNoWait(itemOf(op))
	}
	return outcome{}, err
}

func opGet(m *machine, e env, op *Op) (outcome, error) {
	q, err := m.queue(op)
	if err != nil {
		return outcome{}, err
	}
	it, err := q.Get(e.ctx)
	return value("%s", it.text), err
}

func opGetNoWait(m *machine, _ env, op *Op) (outcome, error) {
	q, err := m.queue(op)
	if err != nil {
		return outcome{}, err
	}
	it, err := q.GetNoWait()
	return value("%s", it.text), err
}

func opTaskDone(m *machine, _ env, op *Op) (outcome, error) {
	q, err := m.queue(op)
	if err == nil && q.TaskDone() != nil {
		err = errMisuse
	}
	return outcome{}, err
}

func opJoin(m *machine, e env, op *Op) (outcome, error) {
	q, err := m.queue(op)
	if err == nil {
		err = q.Join(e.ctx)
	}
	return outcome{}, err
}

func opShutdown(m *machine, _ env, op *Op) (outcome, error) {
	q, err := m.queue(op)
	if err == nil {
		q.Shutdown(op.Immediate)
	}
	return outcome{}, err
}

func opQueueState(m *machine, _ env, op *Op) (outcome, error) {
	q, err := m.queue(op)
	if err != nil {
		return outcome{}, err
	}
	return value("%d %t %t", q.Len(), q.Empty(), q.Full()), nil
}
