package corpus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// Bugs of how tasks end: by a cancellation, with a result that somebody waits for, or not
// at all.

// bank has two accounts, in different places.
type bank struct{ here, there int }

func moveInTwo(ctx context.Context, b *bank, n int) error {
	b.here -= n
	if err := request(ctx); err != nil { // to the other place
		return err
	}
	b.there += n
	return nil
}

func moveOrUndo(ctx context.Context, b *bank, n int) error {
	b.here -= n
	if err := request(ctx); err != nil {
		b.here += n
		return err
	}
	b.there += n
	return nil
}

func transfers(move func(ctx context.Context, b *bank, n int) error) func(context.Context) error {
	return func(ctx context.Context) error {
		b := &bank{here: 100}
		rent := spawn(ctx, "rent", func(ctx context.Context) error { return move(ctx, b, 60) })
		food := spawn(ctx, "food", func(ctx context.Context) error { return move(ctx, b, 30) })
		if err := settled(ctx, rent, food); err != nil {
			return err
		}
		if sum := b.here + b.there; sum != 100 {
			return fmt.Errorf("the accounts have %d together, want 100", sum)
		}
		return nil
	}
}

func skipFailures(error) error { return nil }

func skipFailuresButCancellation(err error) error {
	if errors.Is(err, asyncio.ErrCancelled) {
		return err
	}
	return nil
}

func stopWorker(failed func(error) error) func(context.Context) error {
	return func(ctx context.Context) error {
		jobs := asyncio.NewQueue[int](0)
		worker := spawn(ctx, "worker", func(ctx context.Context) error {
			for {
				if _, err := jobs.Get(ctx); err != nil {
					return err
				}
				if err := request(ctx); err != nil { // what the job is about
					if err := failed(err); err != nil {
						return err
					}
				}
			}
		})
		for i := range 3 {
			if err := jobs.Put(ctx, i); err != nil {
				return err
			}
			if err := requests(ctx, 2); err != nil { // for the next job
				return err
			}
		}
		worker.Cancel("stop")
		if _, err := worker.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
			return err
		}
		return nil
	}
}

// latency is how long a server takes to answer, as a rule.
const latency = 10 * time.Millisecond

type answers = []*asyncio.Task[string]

func takeFirst(ctx context.Context, asked answers) (string, error) {
	done, _, err := asyncio.Wait(ctx, asked, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
	if err != nil {
		return "", err
	}
	return done[0].Result()
}

func takeFirstCancelRest(ctx context.Context, asked answers) (string, error) {
	done, pending, err := asyncio.Wait(ctx, asked, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
	for _, p := range pending {
		p.Cancel()
	}
	if err != nil {
		return "", err
	}
	return done[0].Result()
}

// hedged asks a second server when the first has not answered in time.
func hedged(take func(ctx context.Context, asked answers) (string, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		ask := func(server string) *asyncio.Task[string] {
			return asyncio.CreateTask(ctx, asyncio.Delay(latency, "hello from "+server), asyncio.WithName(server))
		}
		asked := answers{ask("near")}
		if err := request(ctx); err != nil { // notes in the log that it was asked
			return err
		}
		if _, _, err := asyncio.Wait(ctx, asked, asyncio.WaitOptions{Timeout: latency}); err != nil {
			return err
		}
		if !asked[0].Done() {
			asked = append(asked, ask("far"))
		}
		_, err := take(ctx, asked)
		return err
	}
}

// mill is a queue of jobs, and what was made of them.
type mill struct {
	jobs  *asyncio.Queue[int]
	ended bool
	sum   int
}

func (m *mill) produce(ctx context.Context) error {
	for i := range 2 {
		if err := m.jobs.Put(ctx, i); err != nil {
			return err
		}
	}
	return request(ctx) // reports how many
}

func (m *mill) work(ctx context.Context, job int) error {
	if err := request(ctx); err != nil { // to write what has come of it
		return err
	}
	m.sum += job
	return nil
}

func drainByFlag(ctx context.Context) error {
	m := &mill{jobs: asyncio.NewQueue[int](0)}
	producer := spawn(ctx, "producer", func(ctx context.Context) error {
		err := m.produce(ctx)
		m.ended = true
		return err
	})
	consumer := spawn(ctx, "consumer", func(ctx context.Context) error {
		for !m.ended || m.jobs.Len() > 0 {
			job, err := m.jobs.Get(ctx)
			if err != nil {
				return err
			}
			if err := m.work(ctx, job); err != nil {
				return err
			}
		}
		return nil
	})
	return together(ctx, producer, consumer)
}

func drainByShutdown(ctx context.Context) error {
	m := &mill{jobs: asyncio.NewQueue[int](0)}
	producer := spawn(ctx, "producer", func(ctx context.Context) error {
		err := m.produce(ctx)
		m.jobs.Shutdown()
		return err
	})
	consumer := spawn(ctx, "consumer", func(ctx context.Context) error {
		for job, err := range m.jobs.All(ctx) {
			if err != nil {
				return err
			}
			if err := m.work(ctx, job); err != nil {
				return err
			}
		}
		return nil
	})
	return together(ctx, producer, consumer)
}

// conn is a connection, which may be closed once.
type conn struct {
	closing bool
	closed  bool
}

func (c *conn) shut() error {
	if c.closed {
		return errors.New("a connection is closed twice")
	}
	c.closed = true
	return nil
}

func closeAfterFlush(ctx context.Context, c *conn) error {
	if c.closing {
		return nil
	}
	if err := request(ctx); err != nil { // flushes
		return err
	}
	c.closing = true
	return c.shut()
}

func closeBeforeFlush(ctx context.Context, c *conn) error {
	if c.closing {
		return nil
	}
	c.closing = true
	if err := request(ctx); err != nil {
		return errors.Join(err, c.shut())
	}
	return c.shut()
}

func hangUp(end func(ctx context.Context, c *conn) error) func(context.Context) error {
	return func(ctx context.Context) error {
		c := &conn{}
		reader := spawn(ctx, "reader", func(ctx context.Context) error {
			if err := request(ctx); err != nil { // reads the end of the stream
				return err
			}
			return end(ctx, c)
		})
		writer := spawn(ctx, "writer", func(ctx context.Context) error {
			if err := requests(ctx, 3); err != nil { // writes what it has left
				return err
			}
			return end(ctx, c)
		})
		return together(ctx, reader, writer)
	}
}

func joinAsCompleted(ctx context.Context, loads answers) (text string, err error) {
	for t := range asyncio.AsCompleted(ctx, loads) {
		part, err := t.Result()
		if err != nil {
			return "", err
		}
		text += part
	}
	return text, nil
}

func joinInOrder(ctx context.Context, loads answers) (text string, err error) {
	all, err := asyncio.Gather(ctx, loads...)
	for _, part := range all {
		text += part
	}
	return text, err
}

func parts(join func(ctx context.Context, loads answers) (string, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		var loads answers
		for _, part := range []string{"one ", "two ", "three"} {
			// A goroutine of its own, since it reads a file.
			loads = append(loads, asyncio.Go(ctx, func(context.Context) (string, error) { return part, nil }))
		}
		text, err := join(ctx, loads)
		if err == nil && text != "one two three" {
			return fmt.Errorf("got %q", text)
		}
		return err
	}
}

// topic is what is told to those who listen.
type topic struct {
	news      string
	listeners []*asyncio.Future[string]
}

func (t *topic) publish(news string) {
	t.news = news
	for _, l := range t.listeners {
		_ = l.SetResult(news) // it fails if who listened was cancelled
	}
	t.listeners = nil
}

func hearNext(ctx context.Context, t *topic) (string, error) {
	l := asyncio.NewFuture[string](ctx)
	t.listeners = append(t.listeners, l)
	return l.Await(ctx)
}

func hearLast(ctx context.Context, t *topic) (string, error) {
	if t.news != "" {
		return t.news, nil
	}
	return hearNext(ctx, t)
}

func announce(hear func(ctx context.Context, t *topic) (string, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		t := &topic{}
		load := asyncio.Go(ctx, func(context.Context) (string, error) { return "it rains", nil })
		load.AddDoneCallback(func(load *asyncio.Task[string]) {
			if news, err := load.Result(); err == nil {
				t.publish(news)
			}
		})
		reader := spawn(ctx, "reader", func(ctx context.Context) error {
			_, err := hear(ctx, t)
			return err
		})
		return together(ctx, reader)
	}
}
