package engine

import (
	"context"
	"sync"
	"testing"
	"time"
)

// runTo runs the loop until the task is done, and fails the test if that takes too
// long.
func runTo(t *testing.T, l *Loop, j *job) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- l.Run(until(&j.Future)) }()
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	select {
	case err := <-ended:
		if err != nil || j.Outcome() != nil {
			t.Errorf("Run: %v; the task: %v", err, j.Outcome())
		}
	case <-late.C:
		t.Fatal("hangs")
	}
}

// What is told of a slow step may ask the loop something, which is answered between
// steps: so no step waits for it, and the end of Run does when it has let go of the
// loop.
func TestSlowStepHandlerMayAskTheLoop(t *testing.T) {
	for name, test := range map[string]struct {
		step func(l *Loop)                // what the slow step does at last
		wait func(halted <-chan struct{}) // what the handler does at first
	}{
		"while a step sets debug mode": {
			step: func(l *Loop) { l.SetDebug(false) },
			wait: func(<-chan struct{}) {},
		},
		"while Run ends": {
			step: func(*Loop) {},
			wait: func(halted <-chan struct{}) { <-halted },
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLoop(t, NewWall())
			l.threshold.Store(int64(time.Millisecond))
			var once sync.Once
			halts, told := make(chan chan struct{}, 1), make(chan struct{})
			l.Hooks.Slow = func(Slow) {
				once.Do(func() {
					close(told)
					test.wait(<-halts)
					l.Tasks()
				})
			}
			main := start(l, false, func(*Task) error {
				halts <- l.halt // closed when the watchdog is to go
				<-told
				test.step(l)
				return nil
			})
			runTo(t, l, main)
			runAll(t, l)
		})
	}
}

type noUnwinder struct{}

func (noUnwinder) Unwound() {}

// A wake-up by another goroutine is not lost if it comes before Wait.
func TestWakeBeforeWait(t *testing.T) {
	for name, threaded := range map[string]bool{"task": false, "Go task": true} {
		for how, derive := range map[string]func(task *Task) (context.Context, func()){
			"own context": func(task *Task) (context.Context, func()) { return task, func() {} },
			"scope": func(task *Task) (context.Context, func()) {
				s := NewScope(task, Never)
				return s, func() { s.End(&Request{}) }
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				l := newLoop(t, NewWall())
				main := start(l, threaded, func(task *Task) error {
					ctx, end := derive(task)
					defer end()
					w := &Waiter{}
					w.OnUnwind(noUnwinder{})
					if !w.PrepareTask(ctx) {
						if err := w.Prepare(ctx); err != nil {
							return err
						}
					}
					woken := make(chan struct{})
					go func() {
						defer close(woken)
						w.Wake()
					}()
					<-woken
					if threaded {
						l.Call(func() {}) // the loop has taken it in
					}
					return w.Wait(ctx)
				})
				runTo(t, l, main)
				runAll(t, l)
			})
		}
	}
}
