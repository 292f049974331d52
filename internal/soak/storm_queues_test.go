package soak

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio"
)

// queue is what the kinds have in common.
type queue interface {
	Put(ctx context.Context, v int) error
	Get(ctx context.Context) (int, error)
	PutNoWait(v int) error
	GetNoWait() (int, error)
	TaskDone() error
	Join(ctx context.Context) error
	Shutdown(immediate ...bool)
	String() string
	Len() int
}

func queues(s *strike) {
	a, b := s.resident(), s.resident()
	bound := s.n(4)
	var q queue
	switch s.n(3) {
	case 0:
		q = asyncio.NewQueue[int](bound)
	case 1:
		q = asyncio.NewLifoQueue[int](bound)
	default:
		q = asyncio.NewPriorityQueue(bound, func(a, b int) bool { return a < b })
	}
	x := &traffic{strike: s, q: q, put: map[int]bool{}}
	var producers, consumers []*asyncio.Task[asyncio.None]
	for i := range 4 {
		produce := func(ctx context.Context) error { return x.produce(ctx, i) }
		producers = append(producers,
			asyncio.CreateTask(a.Context(), asyncio.Void(produce)),
			asyncio.Go(b.Context(), asyncio.Void(func(ctx context.Context) error { return x.produce(ctx, i+10) })))
		consumers = append(consumers,
			asyncio.CreateTask(b.Context(), asyncio.Void(x.consume)),
			asyncio.Go(a.Context(), asyncio.Void(x.consume)))
		s.helper(func() { s.saw("a goroutine that consumes", x.consume(b.Context()), asyncio.ErrQueueShutDown) })
	}
	s.step("requests")
	for range 10 {
		if s.chance(2) {
			producers[s.n(len(producers))].Cancel(s.message())
		} else {
			consumers[s.n(len(consumers))].Cancel(s.message())
		}
		_ = q.String()
		time.Sleep(s.moment() / 10)
	}
	s.step("producers are to end")
	for _, t := range producers {
		_, err := t.Await(context.Background())
		s.saw("producer", err)
	}
	s.step("Join")
	if err := q.Join(a.Context()); err != nil {
		s.faultf("Join: %v", err)
	}
	q.Shutdown(s.chance(2))
	s.step("consumers are to end")
	for _, t := range consumers {
		_, err := t.Await(context.Background())
		s.saw("consumer", err, asyncio.ErrQueueShutDown)
	}
	s.helpers.Wait()
	s.check(len(x.put) == 0, "%d items are lost: %v", len(x.put), q)
	_, err := q.GetNoWait()
	s.check(errors.Is(err, asyncio.ErrQueueShutDown), "a queue that is shut down and empty: %v", err)
}

// traffic is a queue and what is on its way.
type traffic struct {
	*strike
	q queue

	mu  sync.Mutex
	put map[int]bool // not got yet
}

func (x *traffic) produce(ctx context.Context, who int) error {
	for i := range 50 {
		v := who<<16 + i
		x.mu.Lock()
		x.put[v] = true // before it is seen by who gets it
		x.mu.Unlock()
		err := x.q.Put(ctx, v)
		if err != nil {
			x.mu.Lock()
			x.check(x.put[v], "Put of %d failed, but it was got: %v", v, err)
			delete(x.put, v)
			x.mu.Unlock()
			return err
		}
	}
	return nil
}

func (x *traffic) consume(ctx context.Context) error {
	for {
		scope, cancel := asyncio.WithTimeout(context.WithoutCancel(ctx), x.moment())
		v, err := x.q.Get(scope)
		cancel()
		switch {
		case errors.Is(err, asyncio.ErrTimeout), errors.Is(err, asyncio.ErrCancelled):
			continue // it refuses, or nobody would be left to consume
		case err != nil:
			return err
		}
		x.mu.Lock()
		x.check(x.put[v], "%d was got, but it was not put, or twice", v)
		delete(x.put, v)
		x.mu.Unlock()
		if err := x.q.TaskDone(); err != nil {
			x.faultf("TaskDone: %v", err)
		}
	}
}
