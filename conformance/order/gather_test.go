package order_test

import (
	"context"
	"errors"
	"strings"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// The traces of gather, wait, as_completed, wait_for, shield, groups, timeouts and
// eager tasks are CPython's too. Where 3.14 differs from 3.13 they are 3.14's. Sets
// of tasks were iterated in the order in which they were filled, as here.

// tell is show with words for what comes out of groups and timeouts.
func tell(err error) string {
	var group *asyncio.GroupError
	switch {
	case err == nil, errors.Is(err, asyncio.ErrCancelled):
		return testutil.Show(err)
	case errors.As(err, &group):
		all := make([]string, len(group.Errs))
		for i, e := range group.Errs {
			all[i] = tell(e)
		}
		return "group(" + strings.Join(all, ", ") + ")"
	case errors.Is(err, asyncio.ErrTimeout):
		return "timeout"
	case errors.Is(err, asyncio.ErrGroupClosed):
		return "group closed"
	}
	return testutil.Show(err)
}

func told(v string, err error) string {
	if err != nil {
		return tell(err)
	}
	return v
}

// spawn makes a task in a scope, which may be a group.
func (tr *trace) spawn(scope context.Context, c coroutine) *task {
	return asyncio.CreateTask(scope, c)
}

// named is spawn with a name.
func (tr *trace) named(scope context.Context, who string, c coroutine) *task {
	return asyncio.CreateTask(scope, c, asyncio.WithName(who))
}

// hear calls, adds the outcome, and goes on either way.
func (tr *trace) hear(ctx context.Context, who string, c coroutine) {
	tr.Add("%s gets %s", who, told(c(ctx)))
}

// call is a coroutine that calls another and ends the same way.
func (tr *trace) call(who string, c coroutine) coroutine {
	return func(ctx context.Context) (string, error) {
		tr.Add("%s awaits", who)
		v, err := c(ctx)
		tr.Add("%s gets %s", who, told(v, err))
		return v, err
	}
}

// left adds how a block was left, and passes that on.
func (tr *trace) left(who string, err error) error {
	if err != nil {
		tr.Add("%s leaves with %s", who, tell(err))
	} else {
		tr.Add("%s leaves", who)
	}
	return err
}

// doze is a sleeper of whom only the error is wanted.
func (tr *trace) doze(ctx context.Context, who string, ms int) error {
	_, err := tr.Sleeper(who, ms)(ctx)
	return err
}

// sour is a sleeper that fails when it is cancelled.
func (tr *trace) sour(who string, ms int) coroutine {
	return func(ctx context.Context) (string, error) {
		if err := tr.doze(ctx, who, ms); err != nil {
			return "", errors.New("boom " + who)
		}
		return who, nil
	}
}

// watch adds the end of tasks, on the turn after it.
func (tr *trace) watch(tasks ...*task) {
	for _, t := range tasks {
		t.AddDoneCallback(func(t *task) { tr.Add("%s is done", t.Name()) })
	}
}

func names(tasks []*task) string {
	all := make([]string, len(tasks))
	for i, t := range tasks {
		all[i] = t.Name()
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, " ")
}

// gathering is a coroutine that gathers and joins the results.
func gathering[A asyncio.Awaitable[string]](aws ...A) coroutine {
	return func(ctx context.Context) (string, error) {
		vs, err := asyncio.Gather(ctx, aws...)
		return strings.Join(vs, " "), err
	}
}

func gatheringAll(tasks ...*task) coroutine {
	return func(ctx context.Context) (string, error) {
		outcomes, err := asyncio.GatherAll(ctx, tasks...)
		all := make([]string, len(outcomes))
		for i, o := range outcomes {
			all[i] = told(o.Value, o.Err)
		}
		return strings.Join(all, " "), err
	}
}

func limited[A asyncio.Awaitable[string]](aw A, ms int) coroutine {
	return func(ctx context.Context) (string, error) { return asyncio.WaitFor(ctx, aw, testutil.Millis(ms)) }
}

// waits waits, adds what came of it, and returns the error.
func (tr *trace) waits(ctx context.Context, who string, tasks []*task, o asyncio.WaitOptions) error {
	done, pending, err := asyncio.Wait(ctx, tasks, o)
	if err != nil {
		tr.Add("%s gets %s", who, tell(err))
		return err
	}
	tr.Add("%s has done %s pending %s", who, names(done), names(pending))
	return nil
}
