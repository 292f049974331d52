// Service is an HTTP service with a loop in the background: handlers are goroutines, as ever, and
// what they share lives on the loop. Ctrl-C ends it as services end: what was begun is answered
// first, and the exit status is 0.
//
//	go run ./examples/service                         # under some load of its own
//	go run ./examples/service -listen localhost:8000  # until Ctrl-C; curl localhost:8000/some-key
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/asyncio-go/asyncio"
)

func main() {
	address := flag.String("listen", "", "serve at `ADDRESS` until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	listener, err := net.Listen("tcp", cmp.Or(*address, "127.0.0.1:0"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening at", listener.Addr())
	if *address == "" {
		ctx, stop = context.WithCancel(ctx)
		go func() {
			load(ctx, "http://"+listener.Addr().String())
			stop()
		}()
	}
	if err := serve(ctx, listener, backend); err != nil {
		log.Fatal(err)
	}
}

// serve serves until ctx ends, and then ends gently: first those who ask, then the loop.
func serve(ctx context.Context, listener net.Listener, fetch fetcher) error {
	runner := asyncio.NewRunner()
	scope, err := runner.Start()
	if err != nil {
		return err
	}
	b := &batcher{fetch: fetch, scope: scope, wait: 5 * time.Millisecond}
	runner.Loop().CreateTask(b.tell)
	server := &http.Server{Handler: handler(b, runner.Loop()), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(grace), runner.Shutdown(grace))
}

func handler(b *batcher, loop *asyncio.Loop) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := asyncio.WithLoop(r.Context(), loop)
		value, err := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
			return b.get(ctx, r.URL.Path)
		}).Await(ctx)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, value)
	})
}
