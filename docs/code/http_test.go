package code_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/asyncio-go/asyncio"
)

// visits is a handler. Only tasks of the loop touch the map: it needs no lock.
type visits struct {
	loop *asyncio.Loop
	of   map[string]int
}

func (v *visits) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := asyncio.WithLoop(r.Context(), v.loop)
	n, err := asyncio.CreateTask(ctx, func(context.Context) (int, error) {
		v.of[r.FormValue("who")]++
		return v.of[r.FormValue("who")], nil
	}).Await(ctx)
	if err != nil { // the client has gone, or the loop is closed
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprint(w, n)
}

// serve serves until stop ends, and then lets requests finish, and after them the loop.
func serve(stop context.Context, l net.Listener, h http.Handler, r *asyncio.Runner) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	var err error
	select {
	case err = <-failed:
	case <-stop.Done():
	}
	within, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(within), r.Shutdown(within))
}

func Example_http() {
	r := asyncio.NewRunner()
	if _, err := r.Start(); err != nil {
		fmt.Println(err)
		return
	}
	h := &visits{r.Loop(), map[string]int{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	stop, cancel := context.WithCancel(context.Background()) // signal.NotifyContext, in a program
	served := make(chan error)
	go func() { served <- serve(stop, l, h, r) }()

	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?who=ada", nil))
		fmt.Println(w.Code, w.Body)
	}
	cancel()
	fmt.Println(<-served)
	// Output:
	// 200 1
	// 200 2
	// <nil>
}
