package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// twelve ask for six keys, in three bursts that are 8 ms apart, and a batch is open for 5.
func twelve(ctx context.Context, b *batcher) error {
	tasks := make([]*asyncio.Task[string], 12)
	for i := range tasks {
		tasks[i] = asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
			if err := asyncio.Sleep(ctx, time.Duration(i%3)*8*time.Millisecond); err != nil {
				return "", err
			}
			return b.get(ctx, fmt.Sprint(i%6))
		}, asyncio.WithName(fmt.Sprint("asks ", i)))
	}
	for i, task := range tasks {
		value, err := task.Await(ctx)
		if errors.Is(err, asyncio.ErrCancelled) {
			continue
		}
		if want := fmt.Sprint("value ", i%6); err != nil || value != want {
			return fmt.Errorf("%q instead of %q: %w", value, want, err)
		}
	}
	return nil
}

func newBatcher(ctx context.Context) *batcher {
	fetch := func(ctx context.Context, keys []string) (map[string]string, error) {
		values := map[string]string{}
		for _, key := range keys {
			values[key] = "value " + key
		}
		return values, asyncio.Sleep(ctx, 10*time.Millisecond)
	}
	return &batcher{fetch: fetch, scope: asyncio.RunningLoop(ctx).Context(), wait: 5 * time.Millisecond}
}

func TestThoseWhoComeTogetherAreAskedForTogether(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
		b := newBatcher(ctx)
		if err := twelve(ctx, b); err != nil {
			return err
		}
		if b.asked != 12 || b.fetched != 3 {
			return fmt.Errorf("%d questions, %d calls", b.asked, b.fetched)
		}
		return nil
	})
}

// Whoever is cancelled, one who asks or a batch: the others have their answers, and so has the
// next who comes.
func TestACancellationHarmsNobodyElse(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context) error {
		b := newBatcher(ctx)
		if err := twelve(ctx, b); err != nil {
			return err
		}
		for range 3 { // at most two of the batches are cancelled
			if value, err := b.get(ctx, "7"); err == nil && value == "value 7" {
				return nil
			}
		}
		return errors.New("there is no answer any more")
	})
}

// noticed is a listener that says when it is closed.
type noticed struct {
	net.Listener
	closed chan struct{}
}

func (n *noticed) Close() error {
	defer close(n.closed)
	return n.Listener.Close()
}

func TestWhatWasBegunIsAnswered(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := &noticed{l, make(chan struct{})}
	var begun, goOn asyncio.Event
	fetch := func(ctx context.Context, keys []string) (map[string]string, error) {
		begun.Set()
		return map[string]string{keys[0]: "late"}, goOn.Wait(ctx)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- serve(ctx, listener, fetch) }()
	answer := make(chan string)
	go func() {
		response, err := http.Get("http://" + l.Addr().String() + "/key")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()

	begun.Wait(t.Context())
	stop()
	<-listener.closed
	goOn.Set()
	if got := <-answer; got != "late\n" {
		t.Errorf("the answer is %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAClientWhoHangsUpIsForgotten(t *testing.T) {
	runner := asyncio.NewRunner()
	scope, err := runner.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close()
	var goOn asyncio.Event
	b := &batcher{scope: scope, fetch: func(ctx context.Context, keys []string) (map[string]string, error) {
		return map[string]string{keys[0]: "value"}, goOn.Wait(ctx)
	}}
	request, hangUp := context.WithCancel(t.Context())
	ctx := asyncio.WithLoop(request, runner.Loop())
	get := func(ctx context.Context) (string, error) { return b.get(ctx, "key") }
	call := asyncio.CreateTask(ctx, get)
	other := asyncio.CreateTask(scope, get)
	hangUp()
	if _, err := call.Await(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	goOn.Set()
	if value, err := other.Await(scope); err != nil || value != "value" {
		t.Error(value, err)
	}
}

func TestThePlainTwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched atomic.Int32
		b := &plainBatcher{scope: t.Context(), wait: 5 * time.Millisecond}
		b.fetch = func(_ context.Context, keys []string) (map[string]string, error) {
			fetched.Add(1)
			time.Sleep(10 * time.Millisecond)
			values := map[string]string{}
			for _, key := range keys {
				values[key] = "value " + key
			}
			return values, nil
		}
		var asking sync.WaitGroup
		for i := range 12 {
			asking.Go(func() {
				time.Sleep(time.Duration(i%3) * 8 * time.Millisecond)
				value, err := b.get(t.Context(), fmt.Sprint(i%6))
				if want := fmt.Sprint("value ", i%6); err != nil || value != want {
					t.Errorf("%q instead of %q: %v", value, want, err)
				}
			})
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.get(gone, "gone"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		asking.Wait()
		if n := fetched.Load(); n != 3 {
			t.Errorf("%d calls", n)
		}
	})
}
