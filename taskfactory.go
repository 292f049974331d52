package asyncio

import (
	"context"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// TaskFactory has a say in every task that [CreateTask] makes on a loop. It calls
// create once, with further options or none, and may look at the task or keep it.
// It is called by CreateTask, on the goroutine that calls that. (the callable of
// loop.set_task_factory)
type TaskFactory func(l *Loop, create func(opts ...TaskOption) AnyTask)

// SetTaskFactory sets the factory for tasks that are created from now on; nil for
// none. (loop.set_task_factory)
func (l *Loop) SetTaskFactory(f TaskFactory) {
	if f == nil {
		l.factory.Store(nil)
		return
	}
	l.factory.Store(&f)
}

// WithTaskFactory is [Loop.SetTaskFactory] as an option.
func WithTaskFactory(f TaskFactory) Option {
	return func(o *options) { o.factory = f }
}

// startBy has a factory start the task.
func (t *Task[T]) startBy(scope context.Context, f TaskFactory, l *engine.Loop, k engine.Keeper, opts []TaskOption) (err error) {
	started := false
	f(l.Face().(*Loop), func(more ...TaskOption) AnyTask {
		if started {
			panic("asyncio: a TaskFactory called create twice")
		}
		started = true
		err = t.start(scope, l, k, append(opts[:len(opts):len(opts)], more...))
		return t
	})
	if !started {
		panic("asyncio: a TaskFactory returned without calling create")
	}
	return err
}
