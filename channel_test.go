package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// clocks are the loops that a wait for a channel has to do with.
var clocks = map[string]func(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option){
	"virtual":     testutil.Succeed,
	"the machine": testutil.PlainRun,
}

func eachClock(t *testing.T, name string, main func(t *testing.T, ctx context.Context) error) {
	for clock, run := range clocks {
		t.Run(name+", clock: "+clock, func(t *testing.T) {
			testutil.NoLeaks(t)
			testutil.Within(t, func() { run(t, func(ctx context.Context) error { return main(t, ctx) }) })
		})
	}
}

func void(f func(ctx context.Context) error) asyncio.Coroutine[asyncio.None] { return asyncio.Void(f) }

func TestReceive(t *testing.T) {
	eachClock(t, "what is there takes no turn", func(t *testing.T, ctx context.Context) error {
		ch := make(chan int, 2)
		ch <- 1
		close(ch)
		turned := false
		asyncio.RunningLoop(ctx).CallSoon(func() { turned = true })
		v, err := asyncio.Receive(ctx, ch)
		_, closed := asyncio.Receive(ctx, ch)
		if v != 1 || err != nil || turned {
			t.Error(v, err, turned)
		}
		testutil.ExpectIs(t, "Receive", closed, asyncio.ErrChannelClosed)
		return nil
	})
	for size := range 2 {
		eachClock(t, fmt.Sprintf("from a Go task, size %d", size), func(t *testing.T, ctx context.Context) error {
			ch := make(chan int, size)
			asyncio.Go(ctx, void(func(context.Context) error {
				for i := range 100 {
					ch <- i
				}
				close(ch)
				return nil
			}))
			for i := range 100 {
				if v, err := asyncio.Receive(ctx, ch); v != i || err != nil {
					t.Fatal(i, v, err)
				}
			}
			_, err := asyncio.Receive(ctx, ch)
			testutil.ExpectIs(t, "Receive", err, asyncio.ErrChannelClosed)
			return nil
		})
		eachClock(t, fmt.Sprintf("between loop tasks, size %d", size), func(t *testing.T, ctx context.Context) error {
			ch := make(chan int, size)
			var got []int
			sender := asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
				for i := range 10 {
					if err := asyncio.Send(ctx, ch, i); err != nil {
						return err
					}
				}
				return nil
			}))
			for range 10 {
				v, err := asyncio.Receive(ctx, ch)
				if err != nil {
					return err
				}
				got = append(got, v)
			}
			if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
				t.Error(got)
			}
			_, err := sender.Await(ctx)
			return err
		})
		eachClock(t, fmt.Sprintf("between Go tasks, size %d", size), func(t *testing.T, ctx context.Context) error {
			ch := make(chan int, size)
			sum := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				sum := 0
				for {
					v, err := asyncio.Receive(ctx, ch)
					if errors.Is(err, asyncio.ErrChannelClosed) {
						return sum, nil
					}
					if err != nil {
						return 0, err
					}
					sum += v
				}
			})
			asyncio.Go(ctx, void(func(ctx context.Context) error {
				defer close(ch)
				for i := range 10 {
					if err := asyncio.Send(ctx, ch, i); err != nil {
						return err
					}
				}
				return nil
			}))
			v, err := sum.Await(ctx)
			if v != 45 {
				t.Error(v)
			}
			return err
		})
	}
	eachClock(t, "the loop goes on meanwhile", func(t *testing.T, ctx context.Context) error {
		ch := make(chan string)
		ticks := 0
		asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
			for range 10 {
				ticks++
				asyncio.Sleep(ctx, time.Millisecond)
			}
			return asyncio.Send(ctx, ch, "done")
		}))
		v, err := asyncio.Receive(ctx, ch)
		if v != "done" || ticks != 10 {
			t.Error(v, ticks)
		}
		return err
	})
	eachClock(t, "who is cancelled has taken nothing", func(t *testing.T, ctx context.Context) error {
		ch := make(chan int, 1)
		for _, start := range []func(context.Context, asyncio.Coroutine[int], ...asyncio.TaskOption) *asyncio.Task[int]{
			asyncio.CreateTask[int], asyncio.Go[int],
		} {
			waits := start(ctx, func(ctx context.Context) (int, error) { return asyncio.Receive(ctx, ch) })
			asyncio.Sleep(ctx, time.Millisecond)
			waits.Cancel("enough")
			_, err := waits.Await(ctx)
			var c *asyncio.CancelledError
			if !errors.As(err, &c) || c.Message != "enough" {
				t.Error(err)
			}
			ch <- 1
			if v, ok := <-ch; v != 1 || !ok {
				t.Error(v, ok)
			}
		}
		return nil
	})
	eachClock(t, "what came first is returned, and the cancellation comes again", func(t *testing.T, ctx context.Context) error {
		for range 50 {
			ch := make(chan int)
			var got, again error
			v := 0
			waits := asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
				v, got = asyncio.Receive(ctx, ch)
				again = asyncio.Sleep(ctx, 0)
				return got
			}))
			asyncio.Sleep(ctx, 0)
			sent := make(chan bool)
			go func() {
				select {
				case ch <- 1:
					sent <- true
				case <-ctx.Done():
					sent <- false
				case <-time.After(10 * time.Millisecond):
					sent <- false
				}
			}()
			asyncio.Sleep(ctx, 0)
			waits.Cancel()
			waits.Await(ctx)
			switch was := <-sent; {
			case was && (got != nil || v != 1 || !errors.Is(again, asyncio.ErrCancelled)):
				t.Fatalf("sent; got %d %v, then %v", v, got, again)
			case !was && (!errors.Is(got, asyncio.ErrCancelled) || again != nil):
				t.Fatalf("not sent; got %d %v, then %v", v, got, again)
			}
		}
		return nil
	})
	eachClock(t, "a scope ends it, and a timeout", func(t *testing.T, ctx context.Context) error {
		ch := make(chan int)
		scope, cancel := asyncio.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		_, err := asyncio.Receive(scope, ch)
		testutil.ExpectIs(t, "Receive", err, asyncio.ErrTimeout)
		never := asyncio.NewFuture[int](ctx)
		_, err = asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			return asyncio.Receive(ctx, ch)
		}), time.Millisecond)
		testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
		never.Cancel()
		return nil
	})
	eachClock(t, "a nil channel waits for the cancellation", func(t *testing.T, ctx context.Context) error {
		for _, wait := range []func(ctx context.Context) error{
			func(ctx context.Context) error { _, err := asyncio.Receive[int](ctx, nil); return err },
			func(ctx context.Context) error { return asyncio.Send(ctx, nil, 1) },
		} {
			waits := asyncio.CreateTask(ctx, void(wait))
			asyncio.Sleep(ctx, time.Millisecond)
			if waits.Done() {
				t.Error(waits)
			}
			waits.Cancel()
			_, err := waits.Await(ctx)
			testutil.ExpectIs(t, "the wait", err, asyncio.ErrCancelled)
		}
		return nil
	})
	t.Run("a Go task that waits takes no place", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ch := make(chan int)
			got := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return asyncio.Receive(ctx, ch) })
			asyncio.Sleep(ctx, 1)
			sent := asyncio.Go(ctx, void(func(ctx context.Context) error { return asyncio.Send(ctx, ch, 1) }))
			if v, err := got.Await(ctx); v != 1 || err != nil {
				t.Error(v, err)
			}
			_, err := sent.Await(ctx)
			return err
		}, asyncio.WithMaxThreads(1))
	})
	t.Run("a goroutine that is no task", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			ch := make(chan int)
			asyncio.CreateTask(l.Context(), void(func(ctx context.Context) error { return asyncio.Send(ctx, ch, 1) }))
			if v, err := asyncio.Receive(context.Background(), ch); v != 1 || err != nil {
				t.Error(v, err)
			}
			ctx, cancel := context.WithCancelCause(context.Background())
			time.AfterFunc(time.Millisecond, func() { cancel(testutil.ErrTest) })
			_, err := asyncio.Receive(ctx, ch)
			testutil.ExpectIs(t, "Receive", err, testutil.ErrTest)
		})
	})
	t.Run("a loop that is closed meanwhile", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		ch := make(chan int)
		unwound := false
		asyncio.CreateTask(l.Context(), void(func(ctx context.Context) error {
			defer func() { unwound = true }()
			_, err := asyncio.Receive(ctx, ch)
			return err
		}))
		thread := asyncio.Go(l.Context(), void(func(ctx context.Context) error {
			_, err := asyncio.Receive(ctx, ch)
			return err
		}))
		outside := make(chan error, 1)
		go func() {
			_, err := asyncio.Receive(l.Context(), ch)
			outside <- err
		}()
		if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(time.Millisecond, 0))); err != nil {
			t.Fatal(err)
		}
		l.Close()
		_ = thread.Err()
		if !unwound {
			t.Error("the task was not unwound")
		}
		testutil.ExpectIs(t, "Receive", <-outside, asyncio.ErrLoopClosed)
		select {
		case ch <- 1:
			t.Error("somebody still receives")
		case <-time.After(10 * time.Millisecond):
		}
	})
	t.Run("not in a callback", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallSoon(func() {
				_, err := asyncio.Receive(ctx, make(chan int))
				testutil.ExpectIs(t, "Receive", err, asyncio.ErrNotInTask)
				testutil.ExpectIs(t, "Send", asyncio.Send(ctx, make(chan int), 1), asyncio.ErrNotInTask)
			})
			return asyncio.Sleep(ctx, 0)
		})
	})
	t.Run("in a bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ch := make(chan int)
			go func() {
				time.Sleep(time.Hour)
				ch <- 1
			}()
			v, err := asyncio.Run(t.Context(), func(ctx context.Context) (int, error) { return asyncio.Receive(ctx, ch) })
			if v != 1 || err != nil {
				t.Error(v, err)
			}
		})
	})
}

func TestSend(t *testing.T) {
	eachClock(t, "waits for room", func(t *testing.T, ctx context.Context) error {
		ch := make(chan int, 1)
		if err := asyncio.Send(ctx, ch, 1); err != nil {
			return err
		}
		second := asyncio.CreateTask(ctx, void(func(ctx context.Context) error { return asyncio.Send(ctx, ch, 2) }))
		asyncio.Sleep(ctx, time.Millisecond)
		if second.Done() {
			t.Error(second)
		}
		if a := <-ch; a != 1 {
			t.Error(a)
		}
		second.Await(ctx)
		if b := <-ch; b != 2 {
			t.Error(b)
		}
		return nil
	})
	eachClock(t, "who is cancelled has sent nothing", func(t *testing.T, ctx context.Context) error {
		ch := make(chan int)
		waits := asyncio.CreateTask(ctx, void(func(ctx context.Context) error { return asyncio.Send(ctx, ch, 1) }))
		asyncio.Sleep(ctx, time.Millisecond)
		waits.Cancel()
		_, err := waits.Await(ctx)
		testutil.ExpectIs(t, "Send", err, asyncio.ErrCancelled)
		select {
		case v := <-ch:
			t.Error(v)
		default:
		}
		return nil
	})
	eachClock(t, "on a closed channel panics in the caller", func(t *testing.T, ctx context.Context) error {
		ch := make(chan int)
		waits := asyncio.CreateTask(ctx, void(func(ctx context.Context) (err error) {
			defer func() { err, _ = recover().(error) }()
			return asyncio.Send(ctx, ch, 1)
		}))
		asyncio.Sleep(ctx, time.Millisecond)
		close(ch)
		_, err := waits.Await(ctx)
		if err == nil || !strings.Contains(err.Error(), "send on closed channel") {
			t.Error(err)
		}
		defer func() {
			if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "send on closed channel") {
				t.Error(err)
			}
		}()
		asyncio.Send(ctx, ch, 1)
		return nil
	})
}

// A wait for a channel does not hold a virtual clock, and what was sent is seen before it moves.
func TestChannelsAndTheVirtualClock(t *testing.T) {
	t.Run("the clock moves on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ch := make(chan int)
			asyncio.RunningLoop(ctx).CallLater(time.Hour, func() { close(ch) })
			return testutil.Took(ctx, t, time.Hour, func() error {
				_, err := asyncio.Receive(ctx, ch)
				testutil.ExpectIs(t, "Receive", err, asyncio.ErrChannelClosed)
				return nil
			})
		})
	})
	t.Run("two tasks meet before it moves", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallLater(time.Hour, func() {})
			ch := make(chan int)
			asyncio.CreateTask(ctx, void(func(ctx context.Context) error { return asyncio.Send(ctx, ch, 1) }))
			return testutil.Took(ctx, t, 0, func() error {
				_, err := asyncio.Receive(ctx, ch)
				return err
			})
		})
	})
	t.Run("a cancellation in the turn in which a value was seen comes at the next await", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ch := make(chan int, 1)
			waits := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
				v, err := asyncio.Receive(ctx, ch)
				if v != 1 || err != nil {
					t.Error(v, err)
				}
				return v, asyncio.Sleep(ctx, 0)
			})
			asyncio.Sleep(ctx, time.Second)
			ch <- 1
			asyncio.RunningLoop(ctx).CallSoon(func() { waits.Cancel() })
			_, err := waits.Await(ctx)
			testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
			return nil
		})
	})
	t.Run("what a Go task has sent is seen first", func(t *testing.T) {
		for _, run := range []func(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option){
			testutil.Succeed,
			func(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) {
				testutil.PlainRun(t, main, append(opts, asyncio.WithVirtualClock())...)
			},
		} {
			run(t, func(ctx context.Context) error {
				for range 200 {
					ch := make(chan int)
					asyncio.Go(ctx, void(func(context.Context) error { ch <- 1; return nil }))
					err := asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error {
						_, err := asyncio.Receive(ctx, ch)
						return err
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				return nil
			})
		}
	})
	t.Run("what a goroutine sends that is gone then", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for range 200 {
				ch := make(chan int)
				go func() { ch <- 1 }()
				if _, err := asyncio.Receive(ctx, ch); err != nil {
					t.Fatal(err)
				}
			}
			return nil
		})
	})
	t.Run("if nobody can send it is a deadlock", func(t *testing.T) {
		for name, wait := range map[string]func(ctx context.Context) error{
			"Receive#1 <chan int len=0 cap=0>": func(ctx context.Context) error {
				_, err := asyncio.Receive(ctx, make(chan int))
				return err
			},
			"Send#1 <chan int len=1 cap=1>": func(ctx context.Context) error {
				ch := make(chan int, 1)
				ch <- 1
				return asyncio.Send(ctx, ch, 1)
			},
		} {
			begin := time.Now()
			f := asynciotest.Check(wait)
			if f == nil || f.Kind != asynciotest.Deadlock || !strings.Contains(f.Text, name) {
				t.Errorf("%s: %+v", name, f)
			}
			if d := time.Since(begin); d > time.Second {
				t.Errorf("found after %v", d)
			}
		}
	})
}

// Many senders and receivers of all kinds, of which some are cancelled at any moment: each value
// that was sent is received once.
func TestChannelsLoseNothing(t *testing.T) {
	eachClock(t, "stress", func(t *testing.T, ctx context.Context) error {
		ch := make(chan int)
		var mu sync.Mutex
		sent, got := map[int]bool{}, map[int]int{}
		var tasks []*asyncio.Task[asyncio.None]
		create := func(i int, f func(ctx context.Context) error) {
			start := asyncio.CreateTask[asyncio.None]
			if i%2 == 0 {
				start = asyncio.Go[asyncio.None]
			}
			tasks = append(tasks, start(ctx, void(f)))
		}
		for i := range 40 {
			create(i/2, func(ctx context.Context) error {
				if i%2 == 0 {
					err := asyncio.Send(ctx, ch, i)
					if err == nil {
						mu.Lock()
						sent[i] = true
						mu.Unlock()
					}
					return err
				}
				v, err := asyncio.Receive(ctx, ch)
				if err == nil {
					mu.Lock()
					got[v]++
					mu.Unlock()
				}
				return err
			})
		}
		for i, task := range tasks {
			if i%3 == 0 {
				asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
					for range i % 5 {
						asyncio.Sleep(ctx, 0)
					}
					task.Cancel()
					return nil
				}))
			}
		}
		asyncio.Sleep(ctx, time.Millisecond)
		for _, task := range tasks {
			task.Cancel()
		}
		asyncio.Wait(ctx, tasks, asyncio.WaitOptions{})
		if len(sent) != len(got) {
			t.Errorf("sent %v, got %v", sent, got)
		}
		for v, n := range got {
			if n != 1 || !sent[v] {
				t.Errorf("%d: %d times, sent: %t", v, n, sent[v])
			}
		}
		return nil
	})
}

// A Go task that is cancelled as a goroutine of nobody's sends to it: either has it been sent and
// received, or neither.
func TestReceiveCancelledAsAValueComes(t *testing.T) {
	eachClock(t, "Go task", func(t *testing.T, ctx context.Context) error {
		for range 200 {
			ch, begun, sent := make(chan int), make(chan struct{}), make(chan bool)
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				close(begun)
				return asyncio.Receive(ctx, ch)
			})
			if _, err := asyncio.Receive(ctx, begun); !errors.Is(err, asyncio.ErrChannelClosed) {
				return err
			}
			go func() {
				select {
				case ch <- 1:
					sent <- true
				case <-task.DoneChan():
					sent <- false
				}
			}()
			task.Cancel()
			v, err := task.Await(ctx)
			if was, _ := asyncio.Receive(ctx, sent); was != (err == nil) || was != (v == 1) {
				t.Errorf("%d, %v; sent: %t", v, err, was)
			}
		}
		return nil
	})
}
