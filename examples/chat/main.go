// Chat is a chat server: a line of TCP is a line said to everybody.
//
//	go run ./examples/chat                         # three robots talk over loopback
//	go run ./examples/chat -listen localhost:4000  # until Ctrl-C; join with: nc localhost 4000
//
// The first line is one's name. "/kick NAME" throws somebody out, "/quit" leaves.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"

	"github.com/asyncio-go/asyncio"
)

func main() { asyncio.Main(run) }

func run(ctx context.Context) error {
	address := flag.String("listen", "", "serve at `ADDRESS` until Ctrl-C")
	plain := flag.Bool("plain", false, "do it in plain Go")
	flag.Parse()
	listener, err := net.Listen("tcp", cmp.Or(*address, "127.0.0.1:0"))
	if err != nil {
		return err
	}
	fmt.Println("listening at", listener.Addr())
	return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		tg.Go(func(ctx context.Context) error {
			if *plain {
				return acceptPlain(ctx, listener)
			}
			return accept(ctx, tg, listener)
		})
		if *address == "" {
			tg.Go(func(ctx context.Context) error {
				defer tg.Cancel()
				err := demo(ctx, listener.Addr().String())
				return cmp.Or(ctx.Err(), err) // if it was stopped, that is why
			})
		}
		return nil // the group goes on
	})
}
