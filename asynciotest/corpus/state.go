package corpus

import (
	"context"
	"fmt"
)

// Bugs of state that changes during an await.

type hall struct {
	seats   map[string]string // who has each
	tickets int
}

func bookAfterPaying(ctx context.Context, h *hall, seat, who string) error {
	if h.seats[seat] != "" {
		return nil
	}
	if err := request(ctx); err != nil { // the payment
		return err
	}
	h.seats[seat] = who
	h.tickets++
	return nil
}

func bookBeforePaying(ctx context.Context, h *hall, seat, who string) error {
	if h.seats[seat] != "" {
		return nil
	}
	h.seats[seat] = who
	if err := request(ctx); err != nil {
		delete(h.seats, seat)
		return err
	}
	h.tickets++
	return nil
}

func seats(book func(ctx context.Context, h *hall, seat, who string) error) func(context.Context) error {
	return func(ctx context.Context) error {
		h := &hall{seats: map[string]string{}}
		alice := spawn(ctx, "alice", func(ctx context.Context) error { return book(ctx, h, "7A", "alice") })
		bob := spawn(ctx, "bob", func(ctx context.Context) error {
			if err := requests(ctx, 2); err != nil { // to log in, and for the plan
				return err
			}
			return book(ctx, h, "7A", "bob")
		})
		if err := together(ctx, alice, bob); err != nil {
			return err
		}
		if h.tickets != len(h.seats) {
			return fmt.Errorf("%d tickets for %d seats", h.tickets, len(h.seats))
		}
		return nil
	}
}

type account struct{ balance int }

func depositFromBefore(ctx context.Context, a *account, n int) error {
	balance := a.balance
	if err := request(ctx); err != nil { // the entry in the ledger
		return err
	}
	a.balance = balance + n
	return nil
}

func depositAtOnce(ctx context.Context, a *account, n int) error {
	if err := request(ctx); err != nil {
		return err
	}
	a.balance += n
	return nil
}

func deposits(deposit func(ctx context.Context, a *account, n int) error) func(context.Context) error {
	return func(ctx context.Context) error {
		a := &account{}
		var all []task
		for i, n := range []int{10, 20, 30} {
			all = append(all, spawn(ctx, fmt.Sprint("deposit of ", n), func(ctx context.Context) error {
				if err := requests(ctx, 2*i); err != nil { // more of them for larger sums
					return err
				}
				return deposit(ctx, a, n)
			}))
		}
		if err := together(ctx, all...); err != nil {
			return err
		}
		if a.balance != 60 {
			return fmt.Errorf("the balance is %d, want 60", a.balance)
		}
		return nil
	}
}

// buffers hands out buffers by number. The list of the free ones, from each to the next,
// is in a store that has to be asked.
type buffers struct {
	top     int
	version int // counts changes of the list
	next    map[int]int
	used    map[int]bool
}

func (b *buffers) link(ctx context.Context, buffer int) (int, error) {
	next := b.next[buffer]
	return next, request(ctx)
}

func (b *buffers) take(buffer, next int) (int, error) {
	if b.used[buffer] {
		return 0, fmt.Errorf("buffer %d is given to two at a time", buffer)
	}
	b.top, b.used[buffer] = next, true
	b.version++
	return buffer, nil
}

func (b *buffers) give(buffer int) {
	b.next[buffer], b.top = b.top, buffer
	b.version++
	delete(b.used, buffer)
}

func takeByTop(ctx context.Context, b *buffers) (int, error) {
	for {
		top := b.top
		next, err := b.link(ctx, top)
		if err != nil {
			return 0, err
		}
		if b.top == top {
			return b.take(top, next)
		}
	}
}

func takeByVersion(ctx context.Context, b *buffers) (int, error) {
	for {
		top, version := b.top, b.version
		next, err := b.link(ctx, top)
		if err != nil {
			return 0, err
		}
		if b.version == version {
			return b.take(top, next)
		}
	}
}

func freeList(take func(ctx context.Context, b *buffers) (int, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		b := &buffers{top: 1, next: map[int]int{1: 2, 2: 3, 3: 4, 4: 5}, used: map[int]bool{}}
		reader := spawn(ctx, "reader", func(ctx context.Context) error {
			_, err := take(ctx, b)
			return err
		})
		writer := spawn(ctx, "writer", func(ctx context.Context) error {
			header, err := take(ctx, b)
			if err != nil {
				return err
			}
			if _, err := take(ctx, b); err != nil {
				return err
			}
			b.give(header)
			return nil
		})
		if err := together(ctx, reader, writer); err != nil {
			return err
		}
		_, err := take(ctx, b)
		return err
	}
}

// cache is of one record in a database.
type cache struct {
	stored  int // in the database
	value   int
	valid   bool
	changes int
}

func fillAlways(ctx context.Context, c *cache) error {
	value := c.stored
	if err := request(ctx); err != nil { // on the way back
		return err
	}
	c.value, c.valid = value, true
	return nil
}

func fillIfCurrent(ctx context.Context, c *cache) error {
	value, changes := c.stored, c.changes
	if err := request(ctx); err != nil {
		return err
	}
	if c.changes == changes {
		c.value, c.valid = value, true
	}
	return nil
}

func cached(fill func(ctx context.Context, c *cache) error) func(context.Context) error {
	return func(ctx context.Context) error {
		c := &cache{stored: 1}
		reader := spawn(ctx, "reader", func(ctx context.Context) error { return fill(ctx, c) })
		writer := spawn(ctx, "writer", func(ctx context.Context) error {
			if err := requests(ctx, 2); err != nil { // to begin the transaction, and for the row's lock
				return err
			}
			c.stored = 2
			c.valid = false
			c.changes++
			return request(ctx) // to commit
		})
		if err := together(ctx, reader, writer); err != nil {
			return err
		}
		if c.valid && c.value != c.stored {
			return fmt.Errorf("the cache has %d, the database %d", c.value, c.stored)
		}
		return nil
	}
}

// results is what a search box shows while somebody types.
type results struct{ query, shown string }

func showAny(r *results, query string) { r.shown = "results of " + query }

func showLatest(r *results, query string) {
	if query == r.query {
		r.shown = "results of " + query
	}
}

func searchAsYouType(show func(r *results, query string)) func(context.Context) error {
	return func(ctx context.Context) error {
		r := &results{}
		var all []task
		for _, query := range []string{"g", "go", "gop"} {
			r.query = query
			all = append(all, spawn(ctx, query, func(ctx context.Context) error {
				if err := requests(ctx, 2); err != nil { // for the hits, and their titles
					return err
				}
				show(r, query)
				return nil
			}))
			if err := request(ctx); err != nil { // the next key is hit
				return err
			}
		}
		if err := together(ctx, all...); err != nil {
			return err
		}
		if r.shown != "results of gop" {
			return fmt.Errorf("shows %s for gop", r.shown)
		}
		return nil
	}
}
