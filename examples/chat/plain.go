package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// plainRoom is a room in plain Go, for comparison.
type plainRoom struct {
	mu      sync.Mutex
	members []*plainMember
}

type plainMember struct {
	name  string
	hears chan string // closed when he is no member any more
	end   context.CancelCauseFunc
}

// acceptPlain serves each who calls until ctx ends, and then waits for all of them.
func acceptPlain(ctx context.Context, listener net.Listener) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })() //nolint:errcheck // that is what ends Accept
	var sessions sync.WaitGroup
	defer sessions.Wait()
	r := &plainRoom{}
	for {
		c, err := listener.Accept()
		if err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		sessions.Go(func() { r.talk(ctx, c) })
	}
}

func (r *plainRoom) talk(ctx context.Context, c net.Conn) {
	defer c.Close() //nolint:errcheck // it is over
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now()) })() // that is what ends Scan
	lines := bufio.NewScanner(c)
	if !lines.Scan() {
		return
	}
	m := &plainMember{lines.Text(), make(chan string, backlog), end}
	written := make(chan struct{})
	go func() {
		defer close(written)
		for line := range m.hears {
			if _, err := fmt.Fprintln(c, line); err != nil {
				end(err)
				return
			}
		}
	}()
	r.serve(ctx, m, lines)
	select { // what is there is still heard
	case <-written:
	case <-time.After(time.Second / 2):
		c.Close() //nolint:errcheck // that is what ends Fprintln
		<-written
	}
}

func (r *plainRoom) serve(ctx context.Context, m *plainMember, lines *bufio.Scanner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, m)
	r.say("* " + m.name + " is here")
	for r.scan(lines) && lines.Text() != "/quit" {
		victim, kick := strings.CutPrefix(lines.Text(), "/kick ")
		if !kick {
			r.say(m.name + ": " + lines.Text())
			continue
		}
		for _, x := range r.members {
			if x.name == victim {
				x.end(errors.New("kicked by " + m.name))
			}
		}
	}
	r.members = slices.DeleteFunc(r.members, func(x *plainMember) bool { return x == m })
	r.say("* " + m.name + " has left")
	if why := context.Cause(ctx); why != nil {
		if errors.Is(why, context.Canceled) {
			why = errors.New("the server ends")
		}
		select {
		case m.hears <- "* goodbye: " + why.Error():
		default:
		}
	}
	close(m.hears)
}

// scan is lines.Scan without r.mu, which is held.
func (r *plainRoom) scan(lines *bufio.Scanner) bool {
	r.mu.Unlock()
	defer r.mu.Lock()
	return lines.Scan()
}

// say has all members hear a line, with r.mu held.
func (r *plainRoom) say(line string) {
	for _, m := range r.members {
		select {
		case m.hears <- line:
		default:
			m.end(errors.New("too slow"))
		}
	}
}
