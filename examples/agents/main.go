// Agents works on goals with an agent for each. They ask models, of which the first that
// answers counts, call tools at the same time, share a budget, and tell what they do as they
// do it. One that fails does not disturb the others. The models and tools are only played.
//
//	go run ./examples/agents
//	go run ./examples/agents -tokens 300 "Paris and Oslo" "Rome, forever"
package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func main() { asyncio.Main(run) }

func run(ctx context.Context) error {
	t := &team{
		models: []model{careful, quick},
		tools:  map[string]tool{"search": search},
		events: asyncio.NewQueue[string](0),
	}
	flag.IntVar(&t.tokens, "tokens", 500, "use `N` tokens at most")
	flag.DurationVar(&t.wait, "timeout", 5*time.Second, "give each agent so long")
	flag.Parse()
	goals := flag.Args()
	if len(goals) == 0 {
		goals = []string{"Paris and Oslo", "Rome", "Atlantis", "Rome, forever"}
	}

	work := asyncio.CreateTask(ctx, func(ctx context.Context) ([]string, error) { return t.run(ctx, goals) })
	for event, err := range t.events.All(ctx) {
		if err != nil {
			return err
		}
		fmt.Println(event)
	}
	answers, err := work.Await(ctx)
	fmt.Printf("%d tokens are left; the answers: %q\n", t.tokens, answers)
	return err
}
