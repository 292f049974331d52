package asyncio

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Run runs main on a new loop, on the calling goroutine, and returns its result.
// (asyncio.run)
//
// main is a task whose scope is ctx: when ctx ends, main is cancelled. When main
// has ended, the tasks that remain are cancelled in the order they were created
// and awaited, then the Go tasks; see [WithGrace] for those that do not end. An
// error of theirs that nobody retrieved goes to the exception handler.
//
// It returns ErrLoopRunning if the caller is itself on a loop, whatever ctx is. If a task calls
// runtime.Goexit, Run ends the other tasks and exits its goroutine as well.
func Run[T any](ctx context.Context, main Coroutine[T], opts ...Option) (T, error) {
	r := NewRunner(opts...)
	defer func() { _ = r.Close() }() // it fails only while the loop runs
	return RunOn(r, ctx, main)
}

// Runner is for several runs on one loop. Its methods may be called from any
// goroutine, but one at a time runs. (asyncio.Runner)
type Runner struct{ loop *Loop }

// NewRunner makes a loop to run on. Close it in the end.
func NewRunner(opts ...Option) *Runner { return &Runner{NewLoop(opts...)} }

// Loop returns the runner's loop. (Runner.get_loop)
func (r *Runner) Loop() *Loop { return r.loop }

// RunOn is [Run] on the loop of r, which stays open: tasks that remain are still
// there at the next run. It returns ErrLoopClosed after Close, ErrLoopStopped if
// the loop was stopped before main was done. (Runner.run)
func RunOn[T any](r *Runner, ctx context.Context, main Coroutine[T]) (T, error) {
	var zero T
	l := r.loop.l
	t := newTask(main)
	err := l.Run(func() *engine.Future {
		t.t.StartOn(l, ctx, (*taskBody[T])(t))
		return &t.t.Future
	})
	switch {
	case err != nil:
		return zero, err
	case !t.Done():
		return zero, ErrLoopStopped
	}
	return t.Result()
}

// Close cancels and awaits what is left on the loop, as at the end of [Run], and
// closes it. It returns ErrLoopRunning while the loop runs. (Runner.close)
func (r *Runner) Close() (err error) {
	l := r.loop.l
	if l.Closed() {
		return nil
	}
	// Deferred, so that the loop is closed also if a clean-up calls Goexit.
	defer func() { err = l.Close() }()
	s := &shutdown{loop: l, grace: r.loop.grace, ask: r.loop.askToStop}
	s.run()
	return nil
}

// askToStop is the first step of the end, with [WithDrain].
func (r *Loop) askToStop() {
	l := r.l
	if r.drain <= 0 || len(l.Tasks()) == 0 {
		return
	}
	until := l.Deadline(r.drain)
	for tasks := l.Tasks(); len(tasks) > 0; tasks = l.Tasks() {
		if l.Now() >= until {
			for _, t := range tasks {
				reportIgnored(l, t, r.drain)
			}
			return
		}
		fs := make([]*engine.Future, len(tasks))
		for i, t := range tasks {
			fs[i] = &t.Future
		}
		var w *waiting
		if l.Run(func() *engine.Future {
			r.stop.ask()
			w = newWaiting(fs, WaitOptions{Timeout: until - l.Now()})
			return &w.Future
		}) != nil {
			return // somebody else runs the loop, or has closed it
		}
		l.Do(w.end)
	}
}

// shutdown ends the tasks of a loop within a time.
type shutdown struct {
	loop  *engine.Loop
	ask   func() // the first step; nil once it was taken
	grace time.Duration
	until time.Duration
	over  bool
}

// run ends all tasks: loop tasks before Go tasks, and what these have created.
func (s *shutdown) run() {
	finished := false
	defer func() {
		if !finished {
			s.run() // a clean-up has called Goexit; the others still have theirs
		}
	}()
	if ask := s.ask; ask != nil {
		s.ask = nil
		ask()
	}
	if s.until == 0 {
		s.until = s.loop.Deadline(s.grace)
	}
	s.end(false)
	// CPython runs two empty coroutines here; their turns are part of its order.
	for range 2 {
		_ = s.loop.RunEmpty()
		for !s.over && len(s.loop.Tasks()) > 0 {
			s.end(true)
			s.end(false)
		}
	}
	finished = true
}

// end cancels the loop tasks, or the Go tasks, in creation order and awaits them;
// also those that come up meanwhile.
func (s *shutdown) end(threads bool) {
	for !s.over {
		var tasks []*engine.Task
		for _, t := range s.loop.Tasks() {
			if t.Threaded() == threads {
				tasks = append(tasks, t)
			}
		}
		if len(tasks) == 0 {
			return
		}
		if s.loop.Run(func() *engine.Future { return s.cancel(tasks) }) != nil {
			s.over = true // somebody else runs the loop, or has closed it
		}
		for _, t := range tasks {
			if t.State() == engine.Failed {
				s.loop.Report(engine.Report{
					Message: "unhandled error during shutdown of the loop",
					Err:     t.Outcome(),
					Task:    t,
				})
			}
		}
	}
}

// cancel returns a future that is completed when all tasks are done or it is
// time to give up.
func (s *shutdown) cancel(tasks []*engine.Task) *engine.Future {
	for _, t := range tasks {
		t.Cancel(&engine.Request{Origin: engine.OriginShutdown})
	}
	all := &engine.Future{}
	all.Init(s.loop.Root())
	settle := func() {
		if all.Claim() {
			all.Settle(engine.Succeeded, nil)
		}
	}
	limit := &engine.Handle{}
	limit.Init(s.loop, func() {
		s.over = true
		settle()
	}, nil)
	limit.At(s.until)
	left := len(tasks)
	for _, t := range tasks {
		h := &engine.Handle{}
		h.Init(s.loop, func() {
			if left--; left == 0 {
				limit.Cancel()
				settle()
			}
		}, nil)
		h.After(&t.Future)
	}
	return all
}
