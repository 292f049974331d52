package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
)

var script = []string{
	"ada: ada", "bob: bob", "ada: hello", "bob: hello ada", "eve: eve", "eve: BUY NOW", "eve: BUY NOW",
	"bob: /kick eve", "ada: thank you", "ada: /quit", "bob: /quit",
}

// demo plays the script at the address, and prints what each hears.
func demo(ctx context.Context, address string) error {
	return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		robots := map[string]*tcp{}
		for _, line := range script {
			who, line, _ := strings.Cut(line, ": ")
			if robots[who] == nil {
				c, err := net.Dial("tcp", address) // this machine answers at once
				if err != nil {
					return err
				}
				context.AfterFunc(tg, func() { c.Close() }) //nolint:errcheck // nobody reads it any more
				robots[who] = &tcp{c, bufio.NewScanner(c)}
				tg.CreateTask(func(ctx context.Context) error {
					for {
						heard, err := robots[who].ReadLine(ctx)
						if errors.Is(err, io.EOF) {
							return nil
						}
						if err != nil {
							return err
						}
						fmt.Printf("%s hears %q\n", who, heard)
					}
				}, asyncio.WithName("ears of "+who))
			}
			if err := robots[who].WriteLine(ctx, line); err != nil {
				return err
			}
			if err := asyncio.Sleep(ctx, 200*time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	})
}
