package asyncio

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// GroupError is the error of a task group in which something failed. errors.Is and
// errors.As see through it; the errors of tasks are found as *[TaskError] too, which
// say which task it was, as does the text. (ExceptionGroup)
type GroupError struct {
	// Errs has the errors of the tasks in the order in which they ended, then that
	// of the body if it failed too. Cancellations are not among them.
	Errs []error

	tasks []*TaskError // of the first of Errs
}

// TaskError is the error of a task in a group, with which task that is. (not in asyncio)
type TaskError struct {
	// Name is the task's name; of a task of [Map] it has the index of the item too.
	Name string
	// Coro is the task's coroutine function.
	Coro runtime.Frame
	// Created is where the task was created, in debug mode; else it is zero.
	Created runtime.Frame
	// Err is what the coroutine returned, or a *PanicError.
	Err error

	task *engine.Task // until the group has told of it
}

func newTaskError(t *engine.Task, err error) *TaskError {
	e := &TaskError{Name: taskName(t), Coro: t.Face().(AnyTask).Coro(), Err: err, task: t}
	if at := t.Created(); len(at) > 0 {
		e.Created = at[0]
	}
	return e
}

func (e *TaskError) Error() string {
	where := named(e.Coro)
	if e.Created.Line > 0 {
		where = engine.Func(e.Coro.Function) + ", created at " + position(e.Created)
	}
	return e.Name + " (" + where + "): " + e.Err.Error()
}

// Unwrap returns Err.
func (e *TaskError) Unwrap() error { return e.Err }

// newGroupError is for who tells of the errors.
func newGroupError(tasks []*TaskError, body error) *GroupError {
	e := &GroupError{tasks: tasks}
	for _, t := range tasks {
		_ = t.task.Outcome()
		t.task = nil
		e.Errs = append(e.Errs, t.Err)
	}
	if body != nil {
		e.Errs = append(e.Errs, body)
	}
	return e
}

func (e *GroupError) Error() string {
	var b strings.Builder
	b.WriteString("asyncio: task group: ")
	if len(e.Errs) > 1 {
		fmt.Fprintf(&b, "%d errors: ", len(e.Errs))
	}
	for i, err := range e.Unwrap() {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap returns Errs, those of tasks each in a *[TaskError].
func (e *GroupError) Unwrap() []error {
	all := slices.Clone(e.Errs)
	for i, t := range e.tasks {
		if i < len(all) {
			all[i] = t
		}
	}
	return all
}

// strip is a step of the function of that name: what is left of a group's error is one.
func (e *GroupError) strip(steps *int) (taken bool, left error) {
	rest := &GroupError{}
	for i, err := range e.Errs {
		t, l := strip(err, steps)
		taken = taken || t
		if l == nil {
			continue
		}
		rest.Errs = append(rest.Errs, l)
		if i < len(e.tasks) {
			x := *e.tasks[i]
			x.Err = l
			rest.tasks = append(rest.tasks, &x)
		}
	}
	switch {
	case !taken:
		return false, e
	case rest.Errs == nil:
		return true, nil
	}
	return true, rest
}
