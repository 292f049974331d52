package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/asyncio-go/asyncio"
)

// room is who is there. Only loop tasks touch it, one at a time: it has no lock, and all
// members hear everything in the same order.
type room struct{ members []*member }

type member struct {
	name    string
	hears   *asyncio.Queue[string]
	session asyncio.AnyTask
}

// serve is the session of a member, whose first line is his name: from then on until he says no
// more or is cancelled, of which it tells him.
func (r *room) serve(ctx context.Context, says, hears *asyncio.Queue[string]) (err error) {
	name, err := says.Get(ctx)
	if errors.Is(err, asyncio.ErrQueueShutDown) {
		return nil
	}
	if err != nil {
		return err
	}
	m := &member{name, hears, asyncio.CurrentTask(ctx)}
	r.members = append(r.members, m)
	r.say("* " + name + " is here")
	defer func() {
		r.members = slices.DeleteFunc(r.members, func(x *member) bool { return x == m })
		r.say("* " + name + " has left")
		if why := (*asyncio.CancelledError)(nil); errors.As(err, &why) {
			_ = hears.PutNoWait("* goodbye: " + cmp.Or(why.Message, "the server ends")) // if there is room
		}
	}()
	for line, err := range says.All(ctx) {
		if err != nil || line == "/quit" {
			return err
		}
		victim, kick := strings.CutPrefix(line, "/kick ")
		if !kick {
			r.say(name + ": " + line)
			continue
		}
		for _, x := range r.members {
			if x.name == victim {
				x.session.Cancel("kicked by " + name)
			}
		}
	}
	return nil
}

// say has all members hear a line. It waits for nobody: who is too slow has to go.
func (r *room) say(line string) {
	for _, m := range r.members {
		if m.hears.PutNoWait(line) != nil {
			m.session.Cancel("too slow")
		}
	}
}
