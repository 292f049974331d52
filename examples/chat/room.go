package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
)

// conn is the line to somebody. Both methods are await points.
type conn interface {
	ReadLine(ctx context.Context) (string, error) // io.EOF: hung up
	WriteLine(ctx context.Context, line string) error
}

// room is who is there. Only loop tasks touch it, one at a time: it has no lock, and all
// members hear everything in the same order.
type room struct{ members []*member }

type member struct {
	name    string
	unheard *asyncio.Queue[string]
	session asyncio.AnyTask
}

const backlog = 100 // lines that may wait for somebody

// serve is the session of one member, from his name until he hangs up or is cancelled.
func (r *room) serve(ctx context.Context, c conn) error {
	var name string
	err := asyncio.Timeout(ctx, 10*time.Second, func(ctx context.Context) (err error) {
		name, err = c.ReadLine(ctx)
		return err
	})
	if err != nil {
		return err
	}
	m := &member{name, asyncio.NewQueue[string](backlog), asyncio.CurrentTask(ctx)}
	err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		tg.CreateTask(func(ctx context.Context) error {
			for line, err := range m.unheard.All(ctx) {
				if err != nil {
					return err
				}
				if err := c.WriteLine(ctx, line); err != nil {
					return err
				}
			}
			return nil
		}, asyncio.WithName("to "+name))
		r.members = append(r.members, m)
		r.say("* " + name + " is here")
		defer func() {
			r.members = slices.DeleteFunc(r.members, func(x *member) bool { return x == m })
			r.say("* " + name + " has left")
			m.unheard.Shutdown() // what is in it is written
		}()
		return r.listen(ctx, m, c)
	})
	var why *asyncio.CancelledError
	if errors.As(err, &why) {
		_ = c.WriteLine(ctx, "* goodbye: "+cmp.Or(why.Message, "the server ends")) // if he is still there
	}
	return err
}

// listen does what the member says.
func (r *room) listen(ctx context.Context, m *member, c conn) error {
	for {
		line, err := c.ReadLine(ctx)
		if errors.Is(err, io.EOF) || line == "/quit" {
			return nil
		}
		if err != nil {
			return err
		}
		if name, ok := strings.CutPrefix(line, "/kick "); ok {
			for _, x := range r.members {
				if x.name == name {
					x.session.Cancel("kicked by " + m.name)
				}
			}
			continue
		}
		r.say(m.name + ": " + line)
	}
}

// say has all members hear a line. It waits for nobody: who is too slow has to go.
func (r *room) say(line string) {
	for _, m := range r.members {
		if m.unheard.PutNoWait(line) != nil {
			m.session.Cancel("too slow")
		}
	}
}
