package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

var errRollback = errors.New("rollback failed")

// wrappedError is a user's type around an error.
type wrappedError struct {
	op  string
	err error
}

func (e *wrappedError) Error() string { return e.op + ": " + e.err.Error() }
func (e *wrappedError) Unwrap() error { return e.err }

// joins are ways in which a body joins the cancellation it was given with its own error.
var joins = map[string]func(err error) error{
	"joined":             func(err error) error { return errors.Join(err, errRollback) },
	"joined, last":       func(err error) error { return errors.Join(errRollback, err) },
	"formatted":          func(err error) error { return fmt.Errorf("%w, and %w", err, errRollback) },
	"joined and wrapped": func(err error) error { return fmt.Errorf("saving: %w", errors.Join(err, errRollback)) },
	"of a type":          func(err error) error { return &wrappedError{"save", errors.Join(err, errRollback)} },
	"joined twice":       func(err error) error { return errors.Join(errors.Join(err, err), errRollback) },
	"with the standard library's word": func(err error) error {
		return errors.Join(context.Canceled, err, errRollback)
	},
}

// expectRollback checks that an error is the clean-up's, and target, and no cancellation.
func expectRollback(t *testing.T, what string, err, target error) {
	t.Helper()
	expectIs(t, what, err, errRollback)
	if target != nil {
		expectIs(t, what, err, target)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, asyncio.ErrCancelled) {
		t.Errorf("%s: %v is a cancellation", what, err)
	}
}

func TestCleanUpErrorOfWhatAScopeHasStopped(t *testing.T) {
	for name, join := range joins {
		t.Run(name, func(t *testing.T) {
			stopped := func(ctx context.Context) error { return join(asyncio.Sleep(ctx, time.Hour)) }
			succeed(t, func(ctx context.Context) error {
				loop := asyncio.RunningLoop(ctx)
				body := func(ctx context.Context, _ *asyncio.TimeoutScope) error { return stopped(ctx) }
				expectRollback(t, "Timeout", asyncio.Timeout(ctx, time.Second, body), asyncio.ErrTimeout)
				at := loop.Time().Add(time.Second)
				expectRollback(t, "TimeoutAt", asyncio.TimeoutAt(ctx, at, body), asyncio.ErrTimeout)

				_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Void(stopped)), time.Second)
				expectRollback(t, "WaitFor", err, asyncio.ErrTimeout)
				a := asyncio.CreateTask(ctx, asyncio.Void(stopped))
				asyncio.Sleep(ctx, 0)
				_, err = asyncio.WaitFor(ctx, a, 0)
				expectRollback(t, "WaitFor of no time", err, asyncio.ErrTimeout)

				scope, cancel := asyncio.WithTimeout(ctx, time.Second)
				err = stopped(scope)
				cancel()
				expectIs(t, "WithTimeout", err, asyncio.ErrTimeout)
				expectIs(t, "WithTimeout", err, errRollback)

				// A body that its group has stopped, by a failing task and by Cancel.
				err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, fail(errTest))
					return stopped(ctx)
				})
				expectRollback(t, "the body of a group", err, errTest)
				err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.Cancel()
					return stopped(ctx)
				})
				expectRollback(t, "the body of a cancelled group", err, nil)

				// A task of it.
				err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(stopped))
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						asyncio.Sleep(ctx, time.Second)
						return errTest
					}))
					return nil
				})
				expectRollback(t, "a task of a group", err, errTest)

				// A group in a timeout.
				err = asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(stopped))
						return nil
					})
				})
				expectRollback(t, "a group in a Timeout", err, nil)
				if n := asyncio.CurrentTask(ctx).Cancelling(); n != 0 {
					t.Errorf("cancelling %d", n)
				}
				return nil
			})
		})
	}
}

func TestCleanUpErrorKeepsWhatItIs(t *testing.T) {
	succeed(t, func(ctx context.Context) error {
		err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			err := asyncio.Sleep(ctx, time.Hour)
			return errors.Join(&wrappedError{"save", errors.Join(err, errRollback)}, errTest)
		})
		var w *wrappedError
		if !errors.As(err, &w) || w.op != "save" {
			t.Errorf("%v lost its type", err)
		}
		var c *asyncio.CancelledError
		if !errors.As(err, &c) || c.Origin != asyncio.OriginTimeout {
			t.Errorf("%v does not say why the body was stopped", err)
		}
		expectIs(t, "beside it", err, errTest)
		return nil
	})
}

// Who was cancelled by somebody else, too, has not timed out: nothing is taken out.
func TestCleanUpErrorOfWhatSomebodyElseHasStopped(t *testing.T) {
	succeed(t, func(ctx context.Context) error {
		a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Hour, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return errors.Join(asyncio.Sleep(ctx, 2*time.Hour), errRollback)
			})
		}))
		asyncio.Sleep(ctx, time.Second)
		a.Cancel("by hand")
		_, err := a.Await(ctx)
		expectIs(t, "Await", err, errRollback)
		expectIs(t, "Await", err, asyncio.ErrCancelled)
		if errors.Is(err, asyncio.ErrTimeout) {
			t.Errorf("%v is a timeout", err)
		}
		return nil
	})
}

// byHand runs f in a task that is cancelled after a second, by a callback that was set
// before f was called or after.
func byHand(ctx context.Context, before bool, f func(ctx context.Context) error) error {
	loop := asyncio.RunningLoop(ctx)
	var a *asyncio.Task[none]
	cancel := func() { a.Cancel("by hand") }
	a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		if before {
			loop.CallLater(time.Second, cancel)
		}
		return f(ctx)
	}))
	asyncio.Sleep(ctx, 0)
	if !before {
		loop.CallLater(time.Second, cancel)
	}
	_, err := a.Await(ctx)
	return err
}

func TestCancelInTheTurnOfAScopesEndWins(t *testing.T) {
	long := func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) }
	for name, f := range map[string]func(ctx context.Context) error{
		"Timeout": func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return long(ctx)
			})
		},
		"Timeout, wrapped": func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return fmt.Errorf("body: %w", long(ctx))
			})
		},
		"TimeoutAt": func(ctx context.Context) error {
			at := asyncio.RunningLoop(ctx).Time().Add(time.Second)
			return asyncio.TimeoutAt(ctx, at, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return long(ctx)
			})
		},
		"two timeouts": func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					return long(ctx)
				})
			})
		},
		"WaitFor": func(ctx context.Context) error {
			_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Void(long)), time.Second)
			return err
		},
		"WithTimeout": func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			return long(scope)
		},
		"a group that is cancelled": func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.RunningLoop(ctx).CallLater(time.Second, tg.Cancel)
				return long(ctx)
			})
		},
	} {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, before %t", name, before), func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					err := byHand(ctx, before, f)
					var c *asyncio.CancelledError
					if !errors.As(err, &c) || c.Message != "by hand" || c.Origin != asyncio.OriginCancel {
						t.Errorf("%v, want one by hand", err)
					}
					return nil
				})
			})
		}
	}
}

// In a group that fails, the failure goes first and the cancellation is delivered again.
func TestCancelInTheTurnOfAGroupsFailureIsDeliveredAgain(t *testing.T) {
	for _, before := range []bool{true, false} {
		succeed(t, func(ctx context.Context) error {
			err := byHand(ctx, before, func(ctx context.Context) error {
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						asyncio.Sleep(ctx, time.Second)
						return errTest
					}))
					return asyncio.Sleep(ctx, time.Hour)
				})
				if before && errors.Is(err, asyncio.ErrCancelled) {
					return err
				}
				expectIs(t, "the group", err, errTest)
				return asyncio.Sleep(ctx, time.Hour)
			})
			var c *asyncio.CancelledError
			if !errors.As(err, &c) || c.Message != "by hand" {
				t.Errorf("before %t: %v, want one by hand", before, err)
			}
			return nil
		})
	}
}
