package asyncio

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// GroupError is the error of a task group in which something failed, or of a [FirstSuccess] without
// one. errors.Is and errors.As see through it; the errors of tasks are found as *[TaskError] too,
// which say which task it was, as does the text. (ExceptionGroup)
type GroupError struct {
	// Errs has the errors of the tasks in the order in which they ended, then that
	// of the body if it failed too. Cancellations are not among them.
	Errs []error

	tasks []*TaskError // of the first of Errs, nil for one of no task
	what  string       // "" for a task group
}

// TaskError is the error of a task in a group, with which task that is. For a text without
// that, as for an end user, errors.As finds the first of them, and its Err is the error alone.
// (not in asyncio)
type TaskError struct {
	// Name is the task's name; of a task of [Map] it has the index of the item too.
	Name string
	// Coro is the task's coroutine function.
	Coro runtime.Frame
	// Created is where the task was created, in debug mode; else it is zero.
	Created runtime.Frame
	// Err is what the coroutine returned, or a *PanicError.
	Err error

	task AnyTask // until the group has told of it
}

func newTaskError(t AnyTask, err error) *TaskError {
	e := &TaskError{Name: t.Name(), Coro: t.Coro(), Err: err, task: t}
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
		_ = t.task.Err()
		t.task = nil
		e.Errs = append(e.Errs, t.Err)
	}
	if body != nil {
		e.Errs = append(e.Errs, body)
	}
	return e
}

// add adds what f has failed with.
func (e *GroupError) add(f AnyFuture) {
	err := f.Err()
	var told *TaskError
	if t, ok := f.(AnyTask); ok {
		told = newTaskError(t, err)
		told.task = nil
	}
	e.Errs, e.tasks = append(e.Errs, err), append(e.tasks, told)
}

func (e *GroupError) Error() string {
	var b strings.Builder
	b.WriteString("asyncio: " + cmp.Or(e.what, "task group") + ": ")
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
		if i < len(all) && t != nil {
			all[i] = t
		}
	}
	return all
}

// strip is a step of the function of that name: what is left of a group's error is one.
func (e *GroupError) strip(steps *int) (taken bool, left error) {
	rest := &GroupError{what: e.what}
	for i, err := range e.Errs {
		t, l := strip(err, steps)
		taken = taken || t
		if l == nil {
			continue
		}
		rest.Errs = append(rest.Errs, l)
		if i >= len(e.tasks) {
			continue
		}
		told := e.tasks[i]
		if told != nil {
			x := *told
			x.Err = l
			told = &x
		}
		rest.tasks = append(rest.tasks, told)
	}
	switch {
	case !taken:
		return false, e
	case rest.Errs == nil:
		return true, nil
	}
	return true, rest
}
