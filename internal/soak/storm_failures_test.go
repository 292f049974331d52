package soak

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

func failures(s *strike) {
	s.step("on a loop that lives on")
	t := asyncio.CreateTask(s.resident().Context(), asyncio.Void(s.fail))
	_, err := t.Await(context.Background())
	s.saw("main", err)
	s.step("on a loop that ends with errors kept")
	var kept []asyncio.AnyFuture
	err = s.run(func(ctx context.Context) error {
		for range 5 {
			kept = append(kept, asyncio.CreateTask(ctx, s.failing(mustBeHeard)))
			f := asyncio.NewFuture[int](ctx)
			kept = append(kept, f)
			if err := f.SetErr(s.hurt(mustBeHeard)); err != nil {
				s.faultf("SetErr: %v", err)
			}
		}
		if err := s.fail(ctx); err != nil {
			return err
		}
		return s.comeLoose(ctx)
	})
	s.saw("Run", err)
	for _, f := range kept {
		s.saw("an error kept", f.Err()) // asked for after it was reported
	}
}

// failing is a coroutine that fails, after a while or at once.
func (s *strike) failing(d due) asyncio.Coroutine[int] {
	n := s.n(3)
	if d == mustBeHeard {
		s.loose.Add(1)
	}
	return func(ctx context.Context) (int, error) {
		for range n {
			if err := asyncio.Sleep(ctx, time.Microsecond); err != nil {
				return 0, err
			}
		}
		if d == mustBeHeard {
			defer s.loose.Add(-1)
		}
		return 0, s.hurt(d)
	}
}

// comeLoose waits until those that nobody awaits have come to their end, or that of Run
// would cancel them.
func (s *strike) comeLoose(ctx context.Context) error {
	for s.loose.Load() > 0 {
		if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return asyncio.Sleep(ctx, 0)
}

// fail is every way in which an error is dropped or told.
func (s *strike) fail(ctx context.Context) error {
	for range 20 {
		var err error
		create := asyncio.CreateTask[int]
		if s.chance(3) {
			create = asyncio.Go[int]
		}
		told := func() *asyncio.Task[int] { return create(ctx, s.failing(mustBeTold)) }
		switch s.n(13) {
		case 0:
			create(ctx, s.failing(mustBeHeard))
			continue
		case 1:
			_ = asyncio.NewFuture[int](ctx).SetErr(s.hurt(mustBeHeard))
			continue
		case 2:
			_, err = told().Await(ctx)
		case 3:
			var all []asyncio.Outcome[int]
			if all, err = asyncio.GatherAll(ctx, told(), told()); err == nil {
				err = errors.Join(all[0].Err, all[1].Err)
			}
		case 4:
			_, err = asyncio.WaitFor(ctx, told(), time.Hour)
		case 5:
			_, err = asyncio.Shield(ctx, told())
		case 6:
			t := told()
			if _, _, err = asyncio.Wait(ctx, []*asyncio.Task[int]{t}, asyncio.WaitOptions{}); err == nil {
				err = t.Err()
			}
		case 7:
			asked := asyncio.NewFuture[error](ctx)
			told().AddDoneCallback(func(t *asyncio.Task[int]) { _ = asked.SetResult(t.Err()) })
			var answer error
			if answer, err = asked.Await(ctx); err == nil {
				err = answer
			}
		case 8:
			t := told()
			for !t.Done() && err == nil {
				err = asyncio.Sleep(ctx, time.Millisecond)
			}
			if err == nil {
				err = t.Err()
			}
		case 9:
			_, err = asyncio.Race(ctx, told(), create(ctx, asyncio.Delay(time.Hour, 1)))
		case 10:
			err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, s.failing(mustBeTold))
				return nil
			})
		case 11:
			t := told()
			for f, e := range asyncio.AsCompletedWithin(ctx, []*asyncio.Task[int]{t}, time.Hour) {
				if err = e; e == nil {
					err = f.Err()
				}
			}
		default:
			_, err = asyncio.Map(ctx, []int{1}, 0, func(ctx context.Context, _ int) (int, error) {
				return s.failing(mustBeTold)(ctx)
			})
		}
		s.saw("failure", err)
	}
	return s.comeLoose(ctx)
}
