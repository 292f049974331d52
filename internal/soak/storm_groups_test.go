package soak

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
)

func groups(s *strike) {
	l := s.resident()
	own := s.chance(2)
	if own {
		l = s.newLoop()
		s.forever(l)
	}
	var tasks []*asyncio.Task[asyncio.None]
	g := &groupStorm{strike: s}
	for range 5 {
		tasks = append(tasks, asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			s.saw("group", g.group(ctx, 2), asyncio.ErrGroupClosed)
			return nil
		})))
	}
	s.step("trouble from outside")
	time.AfterFunc(100*time.Millisecond, g.cancelAll) // those who wait for Stopping hold places
	for range 10 {
		if s.chance(3) {
			tasks[s.n(len(tasks))].Cancel(s.message())
		}
		if tg := g.any(); tg != nil {
			switch s.n(4) {
			case 0:
				tg.Cancel()
			case 1:
				if own {
					s.allow("was asked to stop", 100)
					tg.Shutdown(s.moment())
				}
			case 2:
				_ = tg.String()
			default:
				late := asyncio.CreateTask(tg, asyncio.Delay(time.Microsecond, 1))
				_, err := late.Await(context.Background())
				s.saw("a task created from outside", err, asyncio.ErrGroupClosed)
			}
		}
		time.Sleep(s.moment() / 10)
	}
	s.step("all are to end")
	for _, t := range tasks {
		_, err := t.Await(context.Background())
		s.saw("main", err)
	}
	s.check(g.inside.Load() == 0, "%d tasks of groups that have ended are at work", g.inside.Load())
	if own {
		s.step("Close")
		l.Stop()
		s.helpers.Wait()
		if err := l.Close(); err != nil {
			s.faultf("Close: %v", err)
		}
	}
}

type groupStorm struct {
	*strike
	inside atomic.Int32 // tasks of groups

	mu     sync.Mutex
	groups []*asyncio.TaskGroup
	ended  bool
}

func (g *groupStorm) any() *asyncio.TaskGroup {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.groups) == 0 {
		return nil
	}
	return g.groups[g.n(len(g.groups))]
}

func (g *groupStorm) add(tg *asyncio.TaskGroup) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.groups = append(g.groups, tg)
	if g.ended {
		tg.Cancel()
	}
}

func (g *groupStorm) cancelAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	for _, tg := range g.groups {
		tg.Cancel()
	}
}

func (g *groupStorm) group(ctx context.Context, depth int) error {
	var mine atomic.Int32
	err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		if g.chance(3) {
			tg.SetLimit(1 + g.n(3))
		}
		g.add(tg)
		for range 1 + g.n(6) {
			way := g.n(8)
			create, threaded := asyncio.CreateTask[asyncio.None], g.chance(4)
			if threaded {
				create = asyncio.Go[asyncio.None]
			}
			t := create(tg, asyncio.Void(func(ctx context.Context) error {
				g.inside.Add(1)
				mine.Add(1)
				defer g.inside.Add(-1)
				defer mine.Add(-1)
				if way == 6 && threaded {
					<-ctx.Done()
					return ctx.Err()
				}
				return g.member(ctx, tg, way, depth)
			}))
			// One that the group does not take any more is nobody's.
			t.AddDoneCallback(func(t *asyncio.Task[asyncio.None]) { _ = t.Err() })
		}
		switch g.n(6) {
		case 0:
			return g.hurt(mustBeTold)
		case 1:
			return asyncio.Sleep(tg, g.moment())
		}
		return nil
	})
	g.check(mine.Load() == 0, "WithTaskGroup returned %v while %d of its tasks were at work", err, mine.Load())
	return err
}

func (g *groupStorm) member(ctx context.Context, tg *asyncio.TaskGroup, way, depth int) error {
	switch way {
	case 0:
		return g.hurt(mustBeTold)
	case 1:
		g.panic(mustBeTold)
	case 2:
		if depth > 0 {
			return g.group(ctx, depth-1)
		}
	case 3:
		return asyncio.Stopping(ctx).Wait(ctx)
	case 4:
		if err := asyncio.Sleep(ctx, g.moment()); err == nil {
			return nil
		}
		return asyncio.Sleep(ctx, g.moment()) // refuses once
	case 5:
		_, err := asyncio.CreateTask(tg, asyncio.Delay(g.moment(), 1)).Await(ctx)
		if errors.Is(err, asyncio.ErrGroupClosed) {
			return nil
		}
		return err
	}
	return asyncio.Sleep(ctx, g.moment())
}
