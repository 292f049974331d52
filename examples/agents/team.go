package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// A model goes on with a conversation: it wants tools to be called, or gives an answer. It is
// an await point, and so is a tool.
type model func(ctx context.Context, conversation []string) (reply, error)

type reply struct {
	calls  []call
	answer string
	tokens int // that it has cost
}

type call struct{ tool, input string }

type tool func(ctx context.Context, input string) (string, error)

// team is agents that share models, tools and a budget. Only loop tasks touch it, one at a
// time: it has no lock.
type team struct {
	models []model
	tools  map[string]tool
	tokens int                    // left for all of them
	events *asyncio.Queue[string] // what happens, as it happens; shut down at the end
	wait   time.Duration          // for an agent
}

var errBudget = errors.New("the budget is used up")

const (
	mostTokens = 100                    // that a model may use for a reply
	headStart  = 300 * time.Millisecond // of a model before the next
	toolTime   = time.Second
)

// run has each goal worked on by an agent, and returns the answers: "" if there is none.
func (t *team) run(ctx context.Context, goals []string) ([]string, error) {
	defer t.events.Shutdown()
	answers := make([]string, len(goals))
	err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		tg.Supervise(func(agent asyncio.AnyTask, err error) { t.tell(agent, "failed: %v", err) })
		for i, goal := range goals {
			tg.CreateTask(func(ctx context.Context) error {
				return asyncio.Timeout(ctx, t.wait, func(ctx context.Context) (err error) {
					answers[i], err = t.work(ctx, goal)
					return err
				})
			}, asyncio.WithName(goal))
		}
		return nil
	})
	return answers, err
}

// work is what an agent does.
func (t *team) work(ctx context.Context, goal string) (string, error) {
	self := asyncio.CurrentTask(ctx)
	for conversation := []string{goal}; ; {
		r, err := t.ask(ctx, conversation)
		if err != nil {
			return "", err
		}
		if len(r.calls) == 0 {
			t.tell(self, "answers: %s", r.answer)
			return r.answer, nil
		}
		t.tell(self, "calls %v", r.calls)
		results, err := asyncio.Map(ctx, r.calls, 0, t.use)
		if err != nil {
			return "", err
		}
		conversation = append(conversation, results...)
	}
}

// ask asks a model, and each time that none has answered in time the next one too. The first
// that succeeds has it.
func (t *team) ask(ctx context.Context, conversation []string) (reply, error) {
	self := asyncio.CurrentTask(ctx)
	var asked []*asyncio.Task[reply]
	for i, m := range t.models {
		asked = append(asked, asyncio.CreateTask(ctx, func(ctx context.Context) (r reply, err error) {
			if err := asyncio.Sleep(ctx, time.Duration(i)*headStart); err != nil {
				return r, err
			}
			if t.tokens < mostTokens {
				return r, errBudget
			}
			t.tokens -= mostTokens // now, since others go on meanwhile; what is left comes back
			defer func() { t.tokens += mostTokens - r.tokens }()
			return m(ctx, conversation)
		}))
		asked[i].OnDone(func() {
			if err := asked[i].Err(); err != nil && !asked[i].Cancelled() {
				t.tell(self, "hears of model %d: %v", i+1, err)
			}
		})
	}
	return asyncio.FirstSuccess(ctx, asked...)
}

// use calls a tool. That it fails is an answer too.
func (t *team) use(ctx context.Context, c call) (result string, err error) {
	err = asyncio.Timeout(ctx, toolTime, func(ctx context.Context) (err error) {
		result, err = t.tools[c.tool](ctx, c.input)
		return err
	})
	if err != nil && !errors.Is(err, asyncio.ErrCancelled) {
		return fmt.Sprintf("%s(%s) failed: %v", c.tool, c.input, err), nil
	}
	return result, err
}

func (t *team) tell(agent asyncio.AnyTask, format string, args ...any) {
	_ = t.events.PutNoWait(agent.Name() + " " + fmt.Sprintf(format, args...)) // it is open, and has no bound
}
