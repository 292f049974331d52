package goroutines

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/bench/internal/worker/loopback"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var programs = measure.Workloads{
	// Goroutines run at once: one may have been served before it is cancelled.
	"connections": func(m *measure.M) error {
		requests := make(chan request, 1000)
		defer close(requests)
		for range 100 {
			go handle(requests)
		}
		rounds := m.Rounds(m.Size)
		cancels := make([]context.CancelFunc, m.Size)
		errs := make([]error, m.Size)
		served, cancelled := 0, 0
		m.Start()
		for range rounds {
			var wg sync.WaitGroup
			wg.Add(m.Size)
			for i := range m.Size {
				ctx, cancel := context.WithCancel(context.Background())
				cancels[i] = cancel
				go func() {
					errs[i] = connect(ctx, requests)
					wg.Done()
				}()
			}
			runtime.Gosched()
			for i := 0; i < m.Size; i += 10 {
				cancels[i]()
			}
			wg.Wait()
			for i, err := range errs {
				cancels[i]()
				switch {
				case err == nil:
					served++
				case errors.Is(err, context.Canceled) && i%10 == 0:
					cancelled++
				}
			}
		}
		m.Stop(rounds * m.Size)
		return measure.Equal(served+cancelled, rounds*m.Size)
	},

	"http": func(m *measure.M) error {
		return loopback.Measure(m, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, loopback.Reply) // the client will miss it
		}))
	},
}

type request struct {
	number int
	reply  chan<- int // with room for the answer, which may come too late
}

// handle answers requests, yielding before each answer.
func handle(requests <-chan request) {
	for r := range requests {
		runtime.Gosched()
		r.reply <- r.number + 1
	}
}

// connect makes five requests.
func connect(ctx context.Context, requests chan<- request) error {
	sum := 0
	for number := range 5 {
		reply := make(chan int, 1)
		select {
		case requests <- request{number, reply}:
		case <-ctx.Done():
			return ctx.Err()
		}
		v, err := await(ctx, reply)
		if err != nil {
			return err
		}
		sum += v
	}
	return measure.Equal(sum, 1+2+3+4+5)
}

// await waits for an answer, but not for ever.
func await(ctx context.Context, reply <-chan int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	select {
	case v := <-reply:
		return v, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
