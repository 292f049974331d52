package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// checkInvariants checks what the structs promise where they are declared. The
// caller owns the loop.
func (l *Loop) checkInvariants(t *testing.T) {
	t.Helper()
	queued := map[runnable]int{}
	for i := range l.ready.n {
		queued[l.ready.buf[(l.ready.head+i)&(len(l.ready.buf)-1)]]++
	}
	for k := range l.tasks.all {
		if k.Finished() {
			t.Errorf("%s is done and still listed", k.label())
		}
		waiting := k.waitOn != nil && !k.waitOn.Finished()
		switch {
		case k == l.current:
			if k.waitOn != nil {
				t.Errorf("%s runs and waits", k.label())
			}
		case waiting && !k.waitOn.has(k):
			t.Errorf("%s is not among the listeners of what it waits for", k.label())
		case waiting && queued[k] != 0:
			t.Errorf("%s waits and is ready", k.label())
		case !waiting && !k.thread && queued[k] != 1:
			t.Errorf("%s is in the ready queue %d times", k.label(), queued[k])
		}
	}
	for i, k := range l.timers.heap {
		if int(k.t.at) != i+1 {
			t.Errorf("the timer at %d believes that it is at %d", i, k.t.at-1)
		}
		if i > 0 && k.before(&l.timers.heap[(i-1)/4]) {
			t.Errorf("the timer at %d is before its parent", i)
		}
	}
}

func (f *Future) has(w listener) bool {
	if x, ok := f.listeners.(*several); ok {
		return slices.Contains(x.list, w)
	}
	return f.listeners == w
}

var errPlainCancel = errors.New("cancelled")

// plainHooks is a face that knows one error for every cancellation.
func plainHooks(t *testing.T) Hooks {
	return Hooks{
		Cancelled: func(*Request) error { return errPlainCancel },
		AsCancelled: func(err error, _ *Request) error {
			if errors.Is(err, errPlainCancel) {
				return err
			}
			return nil
		},
		Panicked: func(v any, stack []byte) error {
			t.Errorf("panic: %v\n%s", v, stack)
			return errors.New("panic")
		},
		Panic:  func(error) bool { return false },
		Report: func(_ *Loop, r Report) { t.Errorf("report: %s: %v", r.Message, r.Err) },
	}
}

// funcBody is a body without a face.
type funcBody func(ctx context.Context) error

func (b funcBody) Run(ctx context.Context) error { return b(ctx) }
func (b funcBody) Face() any                     { return nil }
func (b funcBody) PC() uintptr                   { return 0 }

// Random programs of tasks that create, await, sleep, cancel and derive scopes;
// the invariants are checked between any two of their operations.
func TestInvariantsHoldBetweenOperations(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := New(Config{
			Hooks:  plainHooks(t),
			Driver: NewVirtual(time.Unix(0, 0)),
			Values: context.Background(),
		})
		var all []*Task
		var program func(depth int) funcBody
		program = func(depth int) funcBody {
			return func(ctx context.Context) error {
				for range 2 + r.IntN(6) {
					l.checkInvariants(t)
					var err error
					switch r.IntN(8) {
					case 0:
						err = Sleep(ctx, 0)
					case 1:
						err = Sleep(ctx, time.Duration(r.IntN(5)))
					case 2, 3:
						if depth < 4 {
							k := &Task{}
							if r.IntN(4) == 0 {
								other, d := all[r.IntN(len(all))], time.Duration(r.IntN(5))
								k.OnThread(&Thread{})
								k.Start(ctx, funcBody(func(ctx context.Context) error {
									return errors.Join(Sleep(ctx, d), other.Await(ctx))
								}), false)
							} else {
								k.Start(ctx, program(depth+1), false)
							}
							all = append(all, k)
						}
					case 4:
						err = all[r.IntN(len(all))].Await(ctx)
					case 5:
						all[r.IntN(len(all))].Cancel(&Request{})
					case 6:
						all[r.IntN(len(all))].Uncancel()
					case 7:
						s := NewScope(ctx, time.Duration(r.IntN(5)))
						if r.IntN(2) == 0 {
							s.End(&Request{Origin: OriginContext, Cause: errPlainCancel})
						}
						err = all[r.IntN(len(all))].Await(s)
					}
					l.checkInvariants(t)
					if errors.Is(err, errPlainCancel) && r.IntN(2) == 0 {
						return err
					}
				}
				return nil
			}
		}
		main := &Task{}
		all = append(all, main)
		main.StartOn(l, context.Background(), program(0))
		if err := l.Run(until(&main.Future)); err != nil {
			t.Fatal(err)
		}
		l.Hooks.Report = func(*Loop, Report) {} // what is left now is destroyed
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if !l.tasks.empty() || l.ready.n != 0 {
			t.Errorf("a closed loop holds tasks: %v, and %d ready entries: %v", l.listed(), l.ready.n, l.ready.buf)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// until is the argument for Run to end with f.
func until(f *Future) func() *Future { return func() *Future { return f } }
