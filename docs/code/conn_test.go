package code_test

import (
	"bufio"
	"context"
	"fmt"
	"net"

	"github.com/asyncio-go/asyncio"
)

// lines calls f for each line of a connection. It blocks, and so is for a Go task; when that is
// cancelled the connection is closed, which ends the read.
func lines(ctx context.Context, conn net.Conn, f func(line string) error) error {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	s := bufio.NewScanner(conn)
	for s.Scan() {
		if err := f(s.Text()); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err() // the task was cancelled
	}
	return s.Err()
}

func Example_connection() {
	run(func(ctx context.Context) error {
		server, client := net.Pipe()
		defer func() { _ = client.Close() }()
		inbox := asyncio.NewQueue[string](10)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			reader := tg.Go(func(ctx context.Context) error {
				return lines(ctx, server, func(line string) error { return inbox.Put(ctx, line) })
			})
			reader.OnDone(func() { _ = server.Close() }) // also if it has never begun
			writer := tg.Go(func(context.Context) error {
				_, err := fmt.Fprint(client, "hello\n")
				return err
			})
			line, err := inbox.Get(ctx)
			if err != nil {
				return err
			}
			fmt.Println(line)
			if _, err := writer.Await(ctx); err != nil {
				return err
			}
			reader.Cancel("enough") // is no failure of the group
			return nil
		})
	})
	// Output: hello
}
