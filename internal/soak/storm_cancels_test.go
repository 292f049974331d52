package soak

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio"
)

func cancels(s *strike) {
	l := s.resident()
	if s.chance(2) {
		l = s.newLoop()
		s.forever(l)
		defer func() { l.Stop(); s.helpers.Wait(); l.Close() }()
	}
	var tasks []*asyncio.Task[int]
	for i := range 10 + s.n(60) {
		var before *asyncio.Task[int]
		if i > 0 && !s.chance(4) {
			before = tasks[s.n(i)]
		}
		create := asyncio.CreateTask[int]
		if s.chance(5) {
			create = asyncio.Go[int]
		}
		tasks = append(tasks, create(l.Context(), s.sufferer(before, i)))
	}

	s.step("requests from everywhere")
	storm := func(ctx context.Context) error {
		for range 30 {
			t := tasks[s.n(len(tasks))]
			done := t.Done()
			if t.Cancel(s.message()) && done {
				s.faultf("Cancel of a task that was done: true: %v", t)
			}
			if s.chance(5) {
				if err := asyncio.Sleep(ctx, s.moment()/10); err != nil {
					s.saw("a sleep of who cancels", err)
				}
			}
		}
		return nil
	}
	byTask := asyncio.CreateTask(l.Context(), asyncio.Void(storm))
	byThread := asyncio.Go(l.Context(), asyncio.Void(storm))
	outside := make(chan struct{})
	s.helper(func() {
		defer close(outside)
		_ = storm(l.Context())
	})

	_, err := byTask.Await(context.Background())
	s.saw("who cancels", err)
	_, err = byThread.Await(context.Background())
	s.saw("who cancels on a goroutine", err)
	<-outside // it sleeps on the loop, which must not be stopped before

	s.step("all are to end")
	for left := len(tasks); left > 0; {
		left = 0
		for _, t := range tasks {
			if t.Cancel(s.message()) {
				left++
			}
		}
		time.Sleep(time.Millisecond)
	}
	for i, t := range tasks {
		v, err := t.Result()
		s.saw("result", err)
		s.check(err != nil || v == i, "task %d returned %d", i, v)
		s.check(t.Cancelled() == (err != nil), "Cancelled() = %v of %v with %v", t.Cancelled(), t, err)
	}
	s.endKept()
}

// sufferer waits for something, in one of many ways, and may refuse to be cancelled.
func (s *strike) sufferer(before *asyncio.Task[int], i int) asyncio.Coroutine[int] {
	refusals, cleanup, way := s.n(3), s.chance(3), s.n(7)
	long := 100 * time.Millisecond
	return func(ctx context.Context) (int, error) {
		for {
			err := s.suffer(ctx, before, way, long)
			if err == nil {
				return i, nil
			}
			s.saw("an await in a task that is cancelled", err)
			if cleanup {
				if err := asyncio.Sleep(ctx, s.moment()/10); err != nil {
					s.saw("clean-up", err)
				}
			}
			if before != nil && before.Done() || refusals == 0 {
				return 0, err
			}
			refusals--
			if t := asyncio.CurrentTask(ctx); t != nil && refusals == 1 {
				t.Uncancel()
			}
		}
	}
}

func (s *strike) suffer(ctx context.Context, before *asyncio.Task[int], way int, long time.Duration) error {
	leaf := func() *asyncio.Task[int] { return s.keep(asyncio.CreateTask(ctx, asyncio.Delay(long, 0))) }
	if before == nil {
		return asyncio.Sleep(ctx, long)
	}
	var err error
	switch way {
	case 0:
		_, err = before.Await(ctx)
	case 1:
		_, err = asyncio.Shield(ctx, before)
	case 2:
		_, err = asyncio.Gather(ctx, before, leaf())
	case 3:
		_, err = asyncio.GatherAll(ctx, before, leaf(), leaf())
	case 4:
		_, _, err = asyncio.Wait(ctx, []*asyncio.Task[int]{before, leaf()}, asyncio.WaitOptions{Timeout: long})
	case 5:
		_, err = asyncio.WaitFor(ctx, before, time.Hour)
	default:
		_, err = asyncio.Race(ctx, before, leaf())
	}
	return err
}
