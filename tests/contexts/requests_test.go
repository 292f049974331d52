package contexts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// A server of net/http whose handlers call one loop in the background.
func TestHandlersCallALoop(t *testing.T) {
	testutil.NoLeaks(t)
	r := asyncio.NewRunner()
	if _, err := r.Start(); err != nil {
		t.Fatal(err)
	}
	hits := map[string]int{} // of the loop's tasks alone
	cancelled := make(chan error, 1)
	waiting := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/hit/{who}", func(w http.ResponseWriter, req *http.Request) {
		ctx := asyncio.WithLoop(req.Context(), r.Loop())
		n, err := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			hits[req.PathValue("who")]++
			return hits[req.PathValue("who")], asyncio.Sleep(ctx, 0)
		}).Await(ctx)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, n)
	})
	mux.HandleFunc("/wait", func(_ http.ResponseWriter, req *http.Request) {
		ctx := asyncio.WithLoop(req.Context(), r.Loop())
		task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			close(waiting)
			err := testutil.Forever(ctx)
			cancelled <- err
			return err
		}))
		_, err := task.Await(ctx)
		testutil.ExpectIs(t, "the handler's await", err, context.Canceled)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	get := func(ctx context.Context, path string) (int, string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := server.Client().Do(req)
		if err != nil {
			return 0, "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, string(body), err
	}

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				if code, _, err := get(t.Context(), "/hit/ada"); code != http.StatusOK || err != nil {
					t.Error(code, err)
				}
			}
		})
	}
	all.Wait()
	if _, body, err := get(t.Context(), "/hit/ada"); body != "81" || err != nil {
		t.Error(body, err)
	}

	// A client that goes away ends the task.
	client, leave := context.WithCancel(t.Context())
	go func() {
		<-waiting
		leave()
	}()
	if _, _, err := get(client, "/wait"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	testutil.ExpectIs(t, "its task", <-cancelled, asyncio.ErrCancelled)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if code, body, err := get(t.Context(), "/hit/ada"); code != http.StatusServiceUnavailable || err != nil {
		t.Error(code, body, err)
	}
}

// A request of net/http that is made inside a Timeout knows when that ends.
func TestRequestsInATimeoutHaveItsDeadline(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		<-req.Context().Done()
	}))
	defer server.Close()
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.Timeout(ctx, 10*time.Millisecond, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.Go(tg, asyncio.Void(func(ctx context.Context) error {
					if d, ok := ctx.Deadline(); !ok || time.Until(d) > 10*time.Millisecond {
						t.Errorf("the deadline is %v", d)
					}
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
					if err != nil {
						return err
					}
					res, err := server.Client().Do(req)
					if err == nil {
						res.Body.Close()
					}
					return err
				}))
				return nil
			})
		})
	}))
	testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
}

// The end of the scope that a goroutine awaits with has come before the cancellation that it is for
// a task made in it, whichever of the two the goroutine happens to see.
func TestGoroutineIsToldOfItsScopeAndNotOfTheTaskCancelledByIt(t *testing.T) {
	testutil.NoLeaks(t)
	r := asyncio.NewRunner()
	if _, err := r.Start(); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		request, end := context.WithCancelCause(t.Context())
		ctx := asyncio.WithLoop(request, r.Loop())
		task := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1))
		go end(testutil.ErrTest)
		for _, when := range []string{"meanwhile", "before"} {
			if _, err := task.Await(ctx); !errors.Is(err, testutil.ErrTest) || errors.Is(err, asyncio.ErrCancelled) {
				t.Errorf("the request has ended %s: %v", when, err)
			}
			<-task.DoneChan()
		}
		if _, err := task.Await(context.Background()); !errors.Is(err, asyncio.ErrCancelled) {
			t.Errorf("with a ctx that has not ended: %v", err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
