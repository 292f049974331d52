package soak

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

func timeouts(s *strike) {
	l := s.resident()
	var tasks []*asyncio.Task[asyncio.None]
	for range 30 {
		tasks = append(tasks, asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			s.saw("timeout", s.timeout(ctx, 3, false), asyncio.ErrTimeout)
			return nil
		})))
	}
	s.step("requests")
	for range 10 {
		tasks[s.n(len(tasks))].Cancel(s.message())
		time.Sleep(s.moment() / 10)
	}
	s.step("all are to end")
	for _, t := range tasks {
		_, err := t.Await(context.Background())
		s.saw("main", err)
	}
	s.endKept()
}

// timeout is a deadline around something, and checks that it did what it should. scoped
// is whether there is a scope around it whose end its awaits return.
func (s *strike) timeout(ctx context.Context, depth int, scoped bool) error {
	d := s.moment()
	missed := s.chance(2) // there is more to do than there is time, unless something fails
	if !missed {
		d = time.Hour
	}
	outside := scoped
	began := time.Now()
	work := func(ctx context.Context) error {
		switch {
		case depth > 0 && s.chance(2):
			return s.timeout(ctx, depth-1, scoped)
		case s.chance(5):
			return s.hurt(mustBeTold)
		case missed:
			return asyncio.Sleep(ctx, time.Hour)
		default:
			return asyncio.Sleep(ctx, s.moment())
		}
	}
	task := func() *asyncio.Task[int] {
		return s.keep(asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) { return 1, work(ctx) }))
	}
	var err error
	expired := true
	switch way := s.n(5); way {
	case 0:
		tm := asyncio.NewTimeout(d)
		err = tm.Do(ctx, func(ctx context.Context) error {
			err := work(ctx)
			expired = tm.Expired()
			return err
		})
		if errors.Is(err, asyncio.ErrTimeout) && depth == 0 && !outside {
			s.check(expired, "ErrTimeout, but the scope had not expired: %v", err)
		}
	case 1:
		_, err = asyncio.WaitFor(ctx, task(), d)
	case 2:
		scope, cancel := asyncio.WithTimeout(ctx, d)
		defer cancel()
		scoped = true // what is inside is interrupted by this deadline
		err = work(scope)
	case 3:
		tm := asyncio.NewTimeout(time.Hour)
		err = tm.Do(ctx, func(ctx context.Context) error {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			if err := tm.Reschedule(asyncio.RunningLoop(ctx).Time().Add(d)); err != nil {
				s.faultf("Reschedule: %v", err)
			}
			return work(ctx)
		})
	default:
		t, until := task(), asyncio.RunningLoop(ctx).Time().Add(d)
		if _, _, err = asyncio.Wait(ctx, []*asyncio.Task[int]{t}, asyncio.WaitOptions{Deadline: until}); err == nil {
			if t.Done() {
				err = t.Err()
			} else {
				err = asyncio.ErrTimeout
				t.Cancel()
			}
		}
	}
	if depth == 0 && !outside && errors.Is(err, asyncio.ErrTimeout) {
		s.check(missed, "an hour was over after %v", time.Since(began))
		s.check(!missed || time.Since(began) >= d-time.Millisecond, "a deadline of %v came after %v", d, time.Since(began))
	}
	if depth == 0 && missed && err == nil {
		s.faultf("an hour's sleep within %v came to its end", d)
	}
	return err
}
