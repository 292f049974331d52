package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/asyncio-go/asyncio"
)

const backlog = 100 // lines that may wait for a member

// accept makes a task for each who calls. It is a Go task, since it blocks.
func accept(ctx context.Context, tg *asyncio.TaskGroup, listener net.Listener) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })() //nolint:errcheck // that is what ends Accept
	r := &room{}
	for {
		c, err := listener.Accept()
		if err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		session := tg.CreateTask(func(ctx context.Context) error { return r.talk(ctx, c) })
		// Not in the session, which may be cancelled before it begins, or refused by a group that ends.
		session.OnDone(func() {
			_ = session.Err()
			_ = c.Close()
		})
	}
}

// talk is serve over TCP, for which it has two Go tasks, one that reads and one that writes.
func (r *room) talk(ctx context.Context, c net.Conn) error {
	says, hears := asyncio.NewQueue[string](1), asyncio.NewQueue[string](backlog)
	return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		tg.Go(func(ctx context.Context) error {
			defer says.Shutdown()
			for lines := bufio.NewScanner(c); lines.Scan() && says.Put(ctx, lines.Text()) == nil; {
			}
			return nil
		})
		writer := tg.Go(func(ctx context.Context) error {
			defer context.AfterFunc(ctx, func() { c.Close() })() //nolint:errcheck // that is what ends Fprintln
			for line, err := range hears.All(ctx) {
				if err != nil {
					return err
				}
				if _, err := fmt.Fprintln(c, line); err != nil {
					return nil // as for the one who reads
				}
			}
			return nil
		})
		defer c.Close() //nolint:errcheck // that is what ends Scan
		defer says.Shutdown()
		err := r.serve(ctx, says, hears)
		hears.Shutdown()
		_, _ = asyncio.WaitFor(ctx, writer, time.Second/2) // what is there is still heard
		return err
	})
}
