package soak

import (
	"context"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio"
)

func threads(s *strike) {
	l := s.resident()
	x := &deaf{strike: s}
	var tasks []*asyncio.Task[asyncio.None]
	for range 20 {
		tasks = append(tasks, asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			s.saw("thread", x.call(ctx), asyncio.ErrTimeout)
			return nil
		})))
	}
	s.step("requests")
	for range 20 {
		tasks[s.n(len(tasks))].Cancel(s.message())
		time.Sleep(s.moment() / 5)
	}
	s.step("all are to end")
	for _, t := range tasks {
		_, err := t.Await(context.Background())
		s.saw("main", err)
	}
	s.step("the functions are to end")
	x.wait()
}

// deaf makes functions that ignore their ctx.
type deaf struct {
	*strike
	mu      sync.Mutex
	running int
	none    chan struct{} // closed when none runs; nil if nobody waits for that
}

// enter is not WaitGroup.Add: one whose task was given up a moment ago may begin at any time.
func (x *deaf) enter() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.running++
}

func (x *deaf) leave() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.running--
	if x.running == 0 && x.none != nil {
		close(x.none)
		x.none = nil
	}
}

func (x *deaf) wait() {
	x.mu.Lock()
	none := make(chan struct{})
	if x.running == 0 {
		close(none)
	} else {
		x.none = none
	}
	x.mu.Unlock()
	<-none
}

func (x *deaf) call(ctx context.Context) error {
	d := x.moment()
	f := func(context.Context) (int, error) {
		x.enter()
		defer x.leave()
		time.Sleep(x.moment() * 2)
		switch x.n(4) {
		case 0:
			return 0, x.hurt(either)
		case 1:
			x.panic(either)
		}
		return 1, nil
	}
	var err error
	switch x.n(5) {
	case 0:
		_, err = asyncio.ToThread(ctx, f)
	case 1:
		err = asyncio.Timeout(ctx, d, func(ctx context.Context) error {
			_, err := asyncio.ToThread(ctx, f)
			return err
		})
	case 2:
		_, err = asyncio.WaitFor(ctx, asyncio.Go(ctx, f), d)
	case 3:
		scope, cancel := asyncio.WithTimeout(ctx, d)
		defer cancel()
		_, err = asyncio.ToThread(scope, f)
	default:
		err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.Go(tg, f)
			return asyncio.Sleep(tg, d)
		})
	}
	return err
}
