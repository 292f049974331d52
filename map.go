package asyncio

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Map calls f for every item, each in a task of its own, at most limit of them at a time (zero
// or less: all), and returns what they return in in the order of items. f comes last, since it
// is mostly written in its place. Map is an await point unless there are no items. The tasks
// are loop tasks, and have no names of their own: f may give one, by CurrentTask(ctx).SetName; for work
// that blocks or computes let f return [ToThread] of it.
//
// When one fails, the others are cancelled, and Map returns a *GroupError, as [WithTaskGroup]
// does, with the index of the item in each *[TaskError]; that also says what a cancellation or
// the end of a scope does, and what else is returned. If one was cancelled otherwise, Map
// returns that when all have ended.
func Map[T, R any](ctx context.Context, items []T, limit int, f func(ctx context.Context, item T) (R, error)) ([]R, error) {
	if f == nil {
		panic("asyncio: Map of a nil function")
	}
	results := make([]R, len(items))
	tasks := make([]*Task[None], 0, len(items))
	err := WithTaskGroup(ctx, func(tg *TaskGroup) error {
		tg.SetLimit(limit)
		for i, item := range items {
			t := newTask(Void(func(ctx context.Context) (err error) {
				failed := true
				defer func() {
					if failed {
						nameItem(ctx, i)
					}
				}()
				results[i], err = f(ctx, item)
				failed = err != nil
				return err
			}))
			t.pc = **(**uintptr)(unsafe.Pointer(&f)) // the user's function, not this one
			l := tg.loop
			if t.create(tg, l.Face().(*Loop).factory.Load(), l, (*groupKeeper)(tg), nil) != nil {
				return t.Err() // why it did not get a place
			}
			tasks = append(tasks, t)
		}
		return nil
	})
	for i := 0; err == nil && i < len(tasks); i++ {
		err = tasks[i].Err() // cancelled, which is no failure to a group, but no result either
	}
	if err != nil {
		for _, t := range tasks {
			_ = t.Err() // that the group has refused it, after the first has failed, is no news
		}
		return nil, err
	}
	return results, nil
}

// nameItem has a task that has failed say at which item.
func nameItem(ctx context.Context, i int) {
	if t := engine.TaskOf(ctx); t != nil {
		t.SetName(fmt.Sprintf("%s, item %d", taskName(t), i))
	}
}
