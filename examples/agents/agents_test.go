package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// watched is a team whose budget and tools are watched.
func watched(tokens int) (t *team, look func() error) {
	calls := 0
	t = &team{tokens: tokens, events: asyncio.NewQueue[string](0), wait: 20 * time.Second}
	var wrong error
	for _, m := range []model{careful, quick} {
		t.models = append(t.models, func(ctx context.Context, conversation []string) (reply, error) {
			if t.tokens < 0 {
				wrong = fmt.Errorf("%d tokens are left", t.tokens)
			}
			return m(ctx, conversation)
		})
	}
	t.tools = map[string]tool{"search": func(ctx context.Context, input string) (string, error) {
		calls++
		defer func() { calls-- }()
		return search(ctx, input)
	}}
	return t, func() error {
		if calls != 0 {
			return fmt.Errorf("%d calls go on", calls)
		}
		return wrong
	}
}

var goals = []string{"Paris and Oslo", "Rome", "Atlantis", "Rome, forever"}

func TestAnswers(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Schedules: 300}, func(ctx context.Context) error {
		team, look := watched(10000)
		answers, err := team.run(ctx, goals)
		want := []string{"Paris is a city, Oslo is a city", "Rome is a city", "search(Atlantis) failed: asyncio: timeout", ""}
		if err != nil || !slices.Equal(answers, want) {
			return fmt.Errorf("%q: %w", answers, err)
		}
		return look()
	})
}

func TestTheBudgetIsKept(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Schedules: 300}, func(ctx context.Context) error {
		team, look := watched(500)
		if _, err := team.run(ctx, goals); err != nil {
			return err
		}
		if team.tokens < 0 || team.tokens >= mostTokens {
			return fmt.Errorf("%d tokens are left", team.tokens)
		}
		return look()
	})
}

func TestAnAgentThatIsCancelledTakesNobodyAlong(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Schedules: 500, Cancel: 1}, func(ctx context.Context) error {
		team, look := watched(10000)
		answers, err := team.run(ctx, goals[:3])
		if err != nil {
			return err
		}
		if n := len(slices.DeleteFunc(answers, func(a string) bool { return a == "" })); n < 2 {
			return fmt.Errorf("only %q", answers)
		}
		return look()
	})
}

func TestTheTeamIsStopped(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Schedules: 300}, func(ctx context.Context) error {
		team, look := watched(10000)
		err := asyncio.Timeout(ctx, 700*time.Millisecond, func(ctx context.Context) error {
			_, err := team.run(ctx, goals)
			return err
		})
		if !errors.Is(err, asyncio.ErrTimeout) {
			return err
		}
		if _, err := team.events.Get(ctx); err != nil {
			return err // what was told can be heard
		}
		return look()
	})
}
