package corpus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// Bugs of waiting for something to happen.

type mailbox struct {
	letters []string
	arrived *asyncio.Future[none] // of who waits; nil if nobody does
}

func (m *mailbox) post(letter string) {
	m.letters = append(m.letters, letter)
	if m.arrived != nil {
		_ = m.arrived.SetResult(none{}) // it fails if who waited has given up
		m.arrived = nil
	}
}

func collectThenListen(ctx context.Context, m *mailbox) error {
	for len(m.letters) == 0 {
		if err := request(ctx); err != nil { // tells the server that this one is idle
			return err
		}
		m.arrived = asyncio.NewFuture[none](ctx)
		if _, err := m.arrived.Await(ctx); err != nil {
			return err
		}
	}
	m.letters = m.letters[1:]
	return nil
}

func listenThenCollect(ctx context.Context, m *mailbox) error {
	for len(m.letters) == 0 {
		arrived := asyncio.NewFuture[none](ctx)
		m.arrived = arrived
		if err := request(ctx); err != nil {
			return err
		}
		if _, err := arrived.Await(ctx); err != nil {
			return err
		}
	}
	m.letters = m.letters[1:]
	return nil
}

func mail(collect func(ctx context.Context, m *mailbox) error) func(context.Context) error {
	return func(ctx context.Context) error {
		m := &mailbox{}
		reader := spawn(ctx, "reader", func(ctx context.Context) error { return collect(ctx, m) })
		writer := spawn(ctx, "writer", func(ctx context.Context) error {
			if err := requests(ctx, 2); err != nil { // for the address, and for the stamp
				return err
			}
			m.post("hello")
			return nil
		})
		return together(ctx, reader, writer)
	}
}

// settings are changed by one task and applied by another.
type settings struct {
	changed        asyncio.Event
	value, applied int
}

func (s *settings) set(value int) {
	s.value = value
	s.changed.Set()
}

func applyThenClear(ctx context.Context, s *settings) error {
	value := s.value
	if err := request(ctx); err != nil { // to what they are for
		return err
	}
	s.applied = value
	s.changed.Clear()
	return nil
}

func clearThenApply(ctx context.Context, s *settings) error {
	s.changed.Clear()
	value := s.value
	if err := request(ctx); err != nil {
		return err
	}
	s.applied = value
	return nil
}

func follow(apply func(ctx context.Context, s *settings) error) func(context.Context) error {
	return func(ctx context.Context) error {
		s := &settings{}
		follower := spawn(ctx, "follower", func(ctx context.Context) error {
			for s.applied != 2 {
				if err := s.changed.Wait(ctx); err != nil {
					return err
				}
				if err := apply(ctx, s); err != nil {
					return err
				}
			}
			return nil
		})
		editor := spawn(ctx, "editor", func(ctx context.Context) error {
			s.set(1)
			if err := requests(ctx, 3); err != nil { // for comments on it
				return err
			}
			s.set(2)
			return nil
		})
		return together(ctx, follower, editor)
	}
}

// stock is what some put on a shelf and others take from it.
type stock struct {
	cond  *asyncio.Condition
	items []int
}

func takeIf(ctx context.Context, s *stock) error {
	if len(s.items) == 0 {
		return s.cond.Wait(ctx)
	}
	return nil
}

func takeWhile(ctx context.Context, s *stock) error {
	for len(s.items) == 0 {
		if err := s.cond.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

func shelf(available func(ctx context.Context, s *stock) error) func(context.Context) error {
	return func(ctx context.Context) error {
		s := &stock{cond: asyncio.NewCondition(nil)}
		take := func(ctx context.Context) error {
			return s.cond.With(ctx, func() error {
				if err := available(ctx, s); err != nil {
					return err
				}
				if len(s.items) == 0 {
					return errors.New("takes from an empty shelf")
				}
				s.items = s.items[1:]
				return nil
			})
		}
		early := spawn(ctx, "early", take)
		late := spawn(ctx, "late", func(ctx context.Context) error {
			if err := requests(ctx, 5); err != nil { // with another customer
				return err
			}
			return take(ctx)
		})
		supplier := spawn(ctx, "supplier", func(ctx context.Context) error {
			for i := range 2 {
				if err := request(ctx); err != nil { // the delivery
					return err
				}
				err := s.cond.With(ctx, func() error {
					s.items = append(s.items, i)
					return s.cond.Notify(1)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		return together(ctx, early, late, supplier)
	}
}

// desk hands jobs to one who waits for them, and keeps those that nobody waits for.
type desk struct {
	backlog []string
	waiter  *asyncio.Future[string]
}

func (d *desk) hand(job string) {
	if w := d.waiter; w != nil {
		d.waiter = nil
		if w.SetResult(job) == nil {
			return
		}
	}
	d.backlog = append(d.backlog, job)
}

// idle is after how long a worker tells that it has nothing to do.
const idle = 10 * time.Millisecond

func nextOrTimeout(ctx context.Context, d *desk) (string, error) {
	d.waiter = asyncio.NewFuture[string](ctx)
	return asyncio.WaitFor(ctx, d.waiter, idle)
}

func nextAnyway(ctx context.Context, d *desk) (string, error) {
	w := asyncio.NewFuture[string](ctx)
	d.waiter = w
	job, err := asyncio.WaitFor(ctx, w, idle)
	if errors.Is(err, asyncio.ErrTimeout) && w.Done() && !w.Cancelled() {
		return job, nil
	}
	return job, err
}

func handover(next func(ctx context.Context, d *desk) (string, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		d := &desk{}
		worker := spawn(ctx, "worker", func(ctx context.Context) error {
			for range 3 {
				if len(d.backlog) > 0 {
					return nil
				}
				if _, err := next(ctx, d); !errors.Is(err, asyncio.ErrTimeout) {
					return err
				}
			}
			return errors.New("no job has come")
		})
		boss := spawn(ctx, "boss", func(ctx context.Context) error {
			if err := asyncio.Sleep(ctx, idle); err != nil { // over coffee
				return err
			}
			d.hand("sweep the floor")
			return nil
		})
		return together(ctx, worker, boss)
	}
}

// link is a connection to a peer that gives a sign of life in every period.
type link struct {
	loop   *asyncio.Loop
	giveUp *asyncio.Handle
	pings  int
	lost   bool
}

const period = 10 * time.Millisecond

func (l *link) ping(patience time.Duration) {
	if l.giveUp != nil {
		l.giveUp.Cancel()
	}
	if l.pings++; l.pings > 3 {
		return
	}
	l.loop.CallLater(period, func() { l.ping(patience) })
	l.giveUp = l.loop.CallLater(patience, func() { l.lost = true })
}

// keepAlive watches over a peer for some periods, with patience for so long without a sign
// of it.
func keepAlive(patience time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		l := &link{loop: asyncio.RunningLoop(ctx)}
		l.ping(patience)
		if err := asyncio.Sleep(ctx, 10*period); err != nil {
			return err
		}
		if l.lost {
			return fmt.Errorf("a peer that has sent %d pings in time was given up", l.pings)
		}
		return nil
	}
}
