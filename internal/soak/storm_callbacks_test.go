package soak

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
)

func callbacks(s *strike) {
	l := s.resident()
	var fs []*asyncio.Future[int]
	for range 20 {
		fs = append(fs, asyncio.NewFuture[int](l.Context()))
	}
	var added, ran, removed atomic.Int32
	var outstanding sync.WaitGroup
	storm := func(ctx context.Context) error {
		for range 100 {
			f := fs[s.n(len(fs))]
			var once atomic.Int32
			added.Add(1)
			outstanding.Add(1)
			remove := f.AddDoneCallback(func(g *asyncio.Future[int]) {
				s.check(once.Add(1) == 1, "a callback ran after it was removed, or twice")
				s.check(g == f && g.Done(), "a callback ran for %v", g)
				ran.Add(1)
				outstanding.Done()
			})
			if s.chance(2) && remove() {
				s.check(once.Add(1) == 1, "a callback was removed after it ran")
				s.check(!remove(), "a callback was removed twice")
				removed.Add(1)
				outstanding.Done()
			}
			switch s.n(30) {
			case 0:
				_ = f.SetResult(1)
			case 1:
				f.Cancel(s.message())
			case 2:
				if err := asyncio.Sleep(ctx, s.moment()/10); err != nil {
					return err
				}
			}
		}
		return nil
	}
	s.step("added and removed")
	a := asyncio.CreateTask(l.Context(), asyncio.Void(storm))
	b := asyncio.CreateTask(s.resident().Context(), asyncio.Void(storm))
	c := asyncio.Go(l.Context(), asyncio.Void(storm))
	s.helper(func() { _ = storm(l.Context()) })
	s.helper(func() { _ = storm(l.Context()) })
	for _, t := range []*asyncio.Task[asyncio.None]{a, b, c} {
		_, err := t.Await(context.Background())
		s.saw("main", err)
	}
	s.helpers.Wait()
	for _, f := range fs {
		f.Cancel(s.message())
	}
	s.step("all are to run")
	outstanding.Wait()

	s.step("handles")
	var fired, took atomic.Int32
	for range 100 {
		outstanding.Add(1)
		var h *asyncio.Handle
		f := func() { fired.Add(1); outstanding.Done() }
		if s.chance(2) {
			h = l.CallSoon(f)
		} else {
			h = l.CallLater(s.moment()/10, f)
		}
		if s.chance(3) {
			time.Sleep(s.moment() / 100)
		}
		if s.chance(2) && h.Cancel() {
			took.Add(1)
			outstanding.Done()
		}
	}
	outstanding.Wait()
	s.check(fired.Load()+took.Load() == 100, "of 100 handles %d ran and %d were cancelled", fired.Load(), took.Load())
	s.check(ran.Load()+removed.Load() == added.Load(), "of %d callbacks %d ran and %d were removed", added.Load(), ran.Load(), removed.Load())
}
