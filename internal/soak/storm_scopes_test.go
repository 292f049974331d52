package soak

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio"
)

func scopes(s *strike) {
	l := s.resident()
	root, end := asyncio.WithCancel(l.Context())
	defer end()
	// The tree: each node is derived from one before it.
	nodes := []context.Context{root}
	cancels := []context.CancelFunc{end}
	for range 20 {
		from := nodes[s.n(len(nodes))]
		var scope context.Context
		var cancel context.CancelFunc
		switch s.n(5) {
		case 0:
			scope, cancel = asyncio.WithCancel(from)
		case 1:
			scope, cancel = asyncio.WithTimeout(from, s.moment()*3)
		case 2:
			scope, cancel = context.WithCancel(from)
		case 3:
			scope, cancel = context.WithTimeout(from, s.moment()*3)
		default:
			scope, cancel = context.WithValue(from, s, s), func() {}
		}
		nodes, cancels = append(nodes, scope), append(cancels, cancel)
	}
	never := asyncio.NewFuture[int](l.Context())
	var lock asyncio.Lock
	s.check(lock.TryAcquire(), "a new lock is taken")
	wait := func(ctx context.Context, way int) error {
		var err error
		switch way {
		case 0:
			err = asyncio.Sleep(ctx, time.Hour)
		case 1:
			_, err = asyncio.Shield(ctx, never)
		case 2:
			err = lock.Acquire(ctx)
		default:
			inner, cancel := asyncio.WithCancel(ctx)
			defer cancel()
			_, err = asyncio.CreateTask(inner, asyncio.Delay(time.Hour, 1)).Await(inner)
		}
		s.check(err != nil, "await %d of what never comes ended without an error", way)
		return err
	}
	var tasks []*asyncio.Task[asyncio.None]
	for range 40 {
		node, way := nodes[s.n(len(nodes))], s.n(4)
		switch s.n(4) {
		case 0: // the scope's own
			tasks = append(tasks, asyncio.CreateTask(node, asyncio.Void(func(ctx context.Context) error { return wait(ctx, way) })))
		case 1:
			tasks = append(tasks, asyncio.Go(node, asyncio.Void(func(ctx context.Context) error { return wait(ctx, way) })))
		case 2: // a task of another scope, or of none, that awaits with this
			tasks = append(tasks, asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error { return wait(node, way) })))
		default:
			s.helper(func() {
				s.saw("an await in a goroutine", wait(node, way), context.Canceled, context.DeadlineExceeded)
			})
		}
	}
	s.step("ends from everywhere")
	for range 10 {
		cancel := cancels[s.n(len(cancels))]
		switch s.n(3) {
		case 0:
			cancel()
		case 1:
			l.CallSoon(cancel)
		default:
			s.helper(cancel)
		}
		time.Sleep(s.moment() / 5)
	}
	end()
	s.step("all are to end")
	for i, t := range tasks {
		_, err := t.Await(context.Background())
		s.check(err != nil, "task %d of a scope that is over ended without an error", i)
		s.saw("a task of a scope", err, context.Canceled, context.DeadlineExceeded)
	}
	s.helpers.Wait()
	for _, cancel := range cancels {
		cancel()
	}
	s.check(lock.Release() == nil && lock.TryAcquire(), "the lock went to somebody who is gone: %v", &lock)
	never.Cancel()
}
