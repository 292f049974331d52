// Chat is a chat server: a line of TCP is a line said to everybody.
//
//	go run ./examples/chat                         # three robots talk over loopback
//	go run ./examples/chat -listen localhost:4000  # until Ctrl-C; join with: nc localhost 4000
//
// The first line is one's name. "/kick NAME" throws somebody out, "/quit" leaves.
package main

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

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
		if *address != "" {
			return nil // the group goes on
		}
		defer tg.Cancel()
		return demo(ctx, listener.Addr().String())
	})
}

// accept makes a task for each who calls. It is a Go task, since it blocks.
func accept(ctx context.Context, tg *asyncio.TaskGroup, listener net.Listener) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })() //nolint:errcheck // that is what ends Accept
	r := &room{}
	for {
		c, err := listener.Accept()
		if err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		line := &tcp{c, bufio.NewScanner(c)}
		session := tg.CreateTask(func(ctx context.Context) error {
			if err := r.serve(ctx, line); err != nil {
				fmt.Printf("%v: %v\n", c.RemoteAddr(), err)
			}
			return nil
		})
		// Not in the session, which may be cancelled before it begins.
		session.AddDoneCallback(func(*asyncio.Task[asyncio.None]) { c.Close() }) //nolint:errcheck // it is over
	}
}

// tcp is a conn.
type tcp struct {
	net.Conn
	lines *bufio.Scanner
}

func (c *tcp) ReadLine(ctx context.Context) (string, error) {
	return asyncio.ToThread(ctx, func(ctx context.Context) (string, error) {
		if !c.lines.Scan() {
			return "", cmp.Or(ctx.Err(), c.lines.Err(), io.EOF) // nobody waits any more, or ...
		}
		return c.lines.Text(), nil
	})
}

func (c *tcp) WriteLine(ctx context.Context, line string) error {
	_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
		if err := writeLine(c.Conn, line); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		return nil
	}))
	return err
}

func writeLine(c net.Conn, line string) error {
	_ = c.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_, err := fmt.Fprintln(c, line)
	return err
}
