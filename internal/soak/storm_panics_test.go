package soak

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

func panics(s *strike) {
	s.step("on a loop of its own")
	var opts []asyncio.Option
	if s.chance(2) {
		opts = append(opts, asyncio.WithVirtualClock())
	}
	if err := s.run(s.panicsOn, opts...); err != nil {
		s.saw("Run", err)
	}
	s.step("on a loop that lives on")
	t := asyncio.CreateTask(s.resident().Context(), asyncio.Void(s.panicsOn))
	_, err := t.Await(context.Background())
	s.saw("main", err)
	s.step("in the exception handler")
	s.panicInHandler()
}

func (s *strike) panicsOn(ctx context.Context) error {
	l := asyncio.RunningLoop(ctx)
	for range 10 {
		in := func(d due) asyncio.Coroutine[int] {
			wait := s.chance(2)
			if d == mustBeHeard {
				s.loose.Add(1)
			}
			return func(ctx context.Context) (int, error) {
				if wait {
					if err := asyncio.Sleep(ctx, time.Microsecond); err != nil {
						return 0, err
					}
				}
				if d == mustBeHeard {
					defer s.loose.Add(-1)
				}
				s.panic(d)
				return 0, nil
			}
		}
		var err error
		switch s.n(12) {
		case 0:
			asyncio.CreateTask(ctx, in(mustBeHeard))
		case 1:
			asyncio.Go(ctx, in(mustBeHeard))
		case 2:
			_, err = asyncio.CreateTask(ctx, in(mustBeTold)).Await(ctx)
		case 3:
			_, err = asyncio.Go(ctx, in(mustBeTold)).Await(ctx)
		case 4:
			_, err = asyncio.ToThread(ctx, in(mustBeTold))
		case 5:
			_, err = asyncio.Gather(ctx, asyncio.CreateTask(ctx, in(mustBeTold)), asyncio.CreateTask(ctx, asyncio.Delay(0, 1)))
		case 6:
			err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, in(mustBeTold))
				asyncio.CreateTask(tg, asyncio.Delay(time.Hour, 1))
				return nil
			})
		case 7:
			_, err = asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, in(mustBeTold)), time.Hour)
		case 8:
			l.CallSoon(func() { s.panic(mustBeHeard) })
			continue
		case 9:
			l.CallLater(time.Microsecond, func() { s.panic(mustBeHeard) })
			if err := asyncio.Sleep(ctx, 2*time.Millisecond); err != nil {
				return err
			}
			continue
		case 10:
			asyncio.CreateTask(ctx, asyncio.Delay(0, 1)).AddDoneCallback(func(*asyncio.Task[int]) { s.panic(mustBeHeard) })
			if err := asyncio.Sleep(ctx, 2*time.Millisecond); err != nil {
				return err
			}
			continue
		case 11:
			// Its last step is taken before it is given to anybody: asked for or reported.
			asyncio.CreateTask(ctx, in(mustBeHeard), asyncio.Eager())
		}
		var p *asyncio.PanicError
		if err != nil && !errors.As(err, &p) {
			s.faultf("a panic came as %v", err)
		}
		s.saw("panic", err)
	}
	return s.comeLoose(ctx)
}

func (s *strike) panicInHandler() {
	l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {
		panic(s.hurt(mustBeHeard)) // by the default handler
	}))
	asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error { panic(s.hurt(mustBeHeard)) }))
	l.CallSoon(func() { panic(s.hurt(mustBeHeard)) })
	l.Stop()
	if err := l.RunForever(); err != nil {
		s.faultf("RunForever: %v", err)
	}
	if err := l.Close(); err != nil {
		s.faultf("Close: %v", err)
	}
}
