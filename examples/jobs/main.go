// Jobs is a scheduler of commands with an HTTP API: jobs wait for others and for a place, are
// tried again, say why they are where they are, and can be cancelled.
//
//	go run ./examples/jobs                         # a client of its own over loopback
//	go run ./examples/jobs -listen localhost:8000  # until Ctrl-C; curl localhost:8000/jobs
package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"time"

	"github.com/asyncio-go/asyncio"
)

func main() { asyncio.Main(run) }

func run(ctx context.Context) error {
	address := flag.String("listen", "", "serve at `ADDRESS` until Ctrl-C; who can reach it can run any command")
	places := flag.Int("n", 2, "run `N` jobs at a time")
	flag.Parse()
	listener, err := net.Listen("tcp", cmp.Or(*address, "127.0.0.1:0"))
	if err != nil {
		return err
	}
	fmt.Println("listening at", listener.Addr())
	return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		tg.Supervise(func(asyncio.AnyTask, error) {}) // a job keeps its error
		s := &scheduler{group: tg, places: asyncio.NewSemaphore(*places), execute: execute, jobs: []*job{}}
		api := s.api(asyncio.RunningLoop(ctx))
		server := tg.Go(func(ctx context.Context) error { return serve(ctx, listener, api) })
		if *address == "" {
			defer tg.Cancel()
			return demo(ctx, "http://"+listener.Addr().String())
		}
		_, err := server.Await(ctx)
		return err
	})
}

// serve is a Go task, since it blocks.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })() //nolint:errcheck // that is what ends Serve
	err := server.Serve(listener)
	return cmp.Or(ctx.Err(), err)
}

// execute runs a command and returns what it prints. It is an await point, and returns when the
// process is gone, also if it is cancelled: only then its place is free.
func execute(ctx context.Context, command []string) (string, error) {
	return asyncio.Go(ctx, func(ctx context.Context) (string, error) {
		c := exec.CommandContext(ctx, command[0], command[1:]...)
		c.WaitDelay = time.Second // for children that keep the output open
		output, err := c.CombinedOutput()
		return string(bytes.TrimSpace(output)), cmp.Or(ctx.Err(), err) // not "signal: killed": it was cancelled
	}).Await(ctx)
}
