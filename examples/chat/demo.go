package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
)

var script = []string{
	"ada: ada", "bob: bob", "ada: hello", "bob: hello ada", "eve: eve", "eve: BUY NOW", "eve: BUY NOW",
	"bob: /kick eve", "ada: thank you", "ada: /quit", "bob: /quit",
}

// demo plays the script at the address and prints what each hears. It blocks.
func demo(ctx context.Context, address string) error {
	return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		robots := map[string]net.Conn{}
		for _, line := range script {
			who, line, _ := strings.Cut(line, ": ")
			if robots[who] == nil {
				c, err := net.Dial("tcp", address)
				if err != nil {
					return err
				}
				defer c.Close() //nolint:errcheck // that is what ends Scan
				robots[who] = c
				tg.Go(func(context.Context) error {
					for lines := bufio.NewScanner(c); lines.Scan(); {
						fmt.Printf("%s hears %q\n", who, lines.Text())
					}
					return nil
				})
			}
			if _, err := fmt.Fprintln(robots[who], line); err != nil {
				return err
			}
			if err := asyncio.Sleep(ctx, 200*time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	})
}
