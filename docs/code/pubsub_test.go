package code_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/asyncio-go/asyncio"
)

// topic hands what is published to all who have subscribed. It is for loop tasks.
type topic[T any] struct{ subscribers []*asyncio.Queue[T] }

// subscribe returns the queue of what is published from now on. Who has enough shuts it down.
func (t *topic[T]) subscribe(ahead int) *asyncio.Queue[T] {
	q := asyncio.NewQueue[T](ahead)
	t.subscribers = append(t.subscribers, q)
	return q
}

// publish waits for a subscriber who is more than that behind.
func (t *topic[T]) publish(ctx context.Context, v T) error {
	for _, q := range slices.Clone(t.subscribers) {
		err := q.Put(ctx, v)
		if errors.Is(err, asyncio.ErrQueueShutDown) {
			t.subscribers = slices.DeleteFunc(t.subscribers, func(s *asyncio.Queue[T]) bool { return s == q })
		} else if err != nil {
			return err
		}
	}
	return nil
}

func Example_pubSub() {
	run(func(ctx context.Context) error {
		var news topic[string]
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for _, name := range []string{"ada", "bob"} {
				q := news.subscribe(1)
				reader := tg.CreateTask(func(ctx context.Context) error {
					for v, err := range q.All(ctx) {
						if err != nil {
							return err
						}
						fmt.Println(name, "reads", v)
						if name == "bob" {
							return nil // has enough
						}
					}
					return nil
				})
				reader.OnDone(func() { q.Shutdown(true) }) // and drop what is left
			}
			for _, v := range []string{"one", "two", "three"} {
				if err := news.publish(ctx, v); err != nil {
					return err
				}
			}
			fmt.Println("subscribers left:", len(news.subscribers))
			news.subscribers[0].Shutdown() // ada reads what is left
			return nil
		})
	})
	// Output:
	// ada reads one
	// bob reads one
	// ada reads two
	// subscribers left: 1
	// ada reads three
}
