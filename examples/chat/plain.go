package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	name    string
	unheard chan string // closed when he is no member any more
	end     context.CancelCauseFunc
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
		sessions.Go(func() {
			defer c.Close() //nolint:errcheck // it is over
			if err := r.serve(ctx, c); err != nil {
				fmt.Printf("%v: %v\n", c.RemoteAddr(), err)
			}
		})
	}
}

func (r *plainRoom) serve(ctx context.Context, c net.Conn) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	defer context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now()) })() // that is what ends Scan
	lines := bufio.NewScanner(c)
	if !lines.Scan() {
		return cmp.Or(context.Cause(ctx), lines.Err(), io.EOF)
	}
	_ = c.SetReadDeadline(time.Time{})
	if ctx.Err() != nil { // the deadline that says so may just have been overwritten
		return context.Cause(ctx)
	}

	m := &plainMember{lines.Text(), make(chan string, backlog), end}
	written := make(chan struct{})
	go func() {
		defer close(written)
		for line := range m.unheard {
			if err := writeLine(c, line); err != nil {
				end(err)
				return
			}
		}
	}()
	r.mu.Lock()
	r.members = append(r.members, m)
	r.say("* " + m.name + " is here")
	r.mu.Unlock()

	r.listen(m, lines)

	r.mu.Lock()
	r.members = slices.DeleteFunc(r.members, func(x *plainMember) bool { return x == m })
	r.say("* " + m.name + " has left")
	close(m.unheard)
	r.mu.Unlock()
	<-written
	if ctx.Err() == nil {
		return lines.Err()
	}
	why := context.Cause(ctx)
	if errors.Is(why, context.Canceled) {
		why = errors.New("the server ends")
	}
	_ = writeLine(c, "* goodbye: "+why.Error()) // if he is still there
	return why
}

func (r *plainRoom) listen(m *plainMember, lines *bufio.Scanner) {
	for lines.Scan() && lines.Text() != "/quit" {
		name, kick := strings.CutPrefix(lines.Text(), "/kick ")
		r.mu.Lock()
		if !kick {
			r.say(m.name + ": " + lines.Text())
		}
		for _, x := range r.members {
			if kick && x.name == name {
				x.end(errors.New("kicked by " + m.name))
			}
		}
		r.mu.Unlock()
	}
}

// say has all members hear a line, with r.mu held.
func (r *plainRoom) say(line string) {
	for _, m := range r.members {
		select {
		case m.unheard <- line:
		default:
			m.end(errors.New("too slow"))
		}
	}
}
