package ours

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/bench/internal/worker/loopback"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var programs = measure.Workloads{
	"run": func(m *measure.M) error {
		m.Start()
		for range m.Ops {
			if v, err := asyncio.Run(context.Background(), one); err != nil || v != 1 {
				return errors.Join(err, measure.Equal(v, 1))
			}
		}
		m.Stop(m.Ops)
		return nil
	},

	"connections": onLoop(func(ctx context.Context, m *measure.M) error {
		requests := asyncio.NewQueue[request](1000)
		for range 100 {
			asyncio.CreateTask(ctx, handle(requests)) // ends with the loop
		}
		rounds := m.Rounds(m.Size)
		connections := make([]*asyncio.Task[int], m.Size)
		served, cancelled, wantCancelled := 0, 0, 0
		m.Start()
		for range rounds {
			for i := range connections {
				connections[i] = asyncio.CreateTask(ctx, connect(requests))
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			for i := 0; i < m.Size; i += 10 {
				connections[i].Cancel()
				wantCancelled++
			}
			outcomes, err := asyncio.GatherAll(ctx, connections...)
			if err != nil {
				return err
			}
			for _, o := range outcomes {
				switch {
				case errors.Is(o.Err, asyncio.ErrCancelled):
					cancelled++
				case o.Err == nil && o.Value == 1+2+3+4+5:
					served++
				}
			}
		}
		m.Stop(rounds * m.Size)
		return errors.Join(measure.Equal(cancelled, wantCancelled), measure.Equal(served, rounds*m.Size-wantCancelled))
	}),

	// Each request becomes a task of the loop, and the server's goroutine awaits it.
	"http": onLoop(func(ctx context.Context, m *measure.M) error {
		loop := asyncio.RunningLoop(ctx)
		answer := func(context.Context) (string, error) { return loopback.Reply, nil }
		server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, err := asyncio.CreateTask(loop.Context(), answer).Await(r.Context())
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = io.WriteString(w, text) // the client will miss it
		})
		_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error { return loopback.Measure(m, server) }))
		return err
	}),
}

type request struct {
	number int
	reply  *asyncio.Future[int]
}

// handle answers requests, yielding before each answer.
func handle(requests *asyncio.Queue[request]) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error {
		for r, err := range requests.All(ctx) {
			if err != nil {
				return err
			}
			if err = asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			_ = r.reply.SetResult(r.number + 1) // refused if the connection was cancelled
		}
		return nil
	})
}

// connect makes five requests and returns the sum of the answers.
func connect(requests *asyncio.Queue[request]) asyncio.Coroutine[int] {
	return func(ctx context.Context) (sum int, err error) {
		for number := range 5 {
			reply := asyncio.NewFuture[int](ctx)
			if err = requests.Put(ctx, request{number, reply}); err != nil {
				return 0, err
			}
			v, err := asyncio.WaitFor(ctx, reply, 30*time.Second)
			if err != nil {
				return 0, err
			}
			sum += v
		}
		return sum, nil
	}
}
