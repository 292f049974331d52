package engine

import (
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestHosting: a waiting task resumes others on its stack, in the order of the ready
// queue, whatever ends them or comes between.
func TestHosting(t *testing.T) {
	for _, tasks := range []int{2, 3, 7} {
		l := newLoop(t, NewVirtual(time.Unix(0, 0)))
		var got, want []string
		for i := range tasks {
			start(l, false, func(ctx *Task) error {
				for round := range 3 {
					got = append(got, strconv.Itoa(i)+"."+strconv.Itoa(round))
					if i == 1 && round == 1 {
						return nil // ends while it is hosted
					}
					if i == 0 && round == 0 {
						h := &Handle{}
						h.Init(l, func() { got = append(got, "callback") }, nil)
						h.Soon()
					}
					if err := Sleep(ctx, 0); err != nil {
						return err
					}
				}
				return nil
			})
		}
		for round := range 3 {
			for i := range tasks {
				if i != 1 || round < 2 {
					want = append(want, strconv.Itoa(i)+"."+strconv.Itoa(round))
				}
			}
			if round == 0 {
				want = append(want, "callback")
			}
		}
		runAll(t, l)
		if !slices.Equal(got, want) {
			t.Errorf("%d tasks:\ngot  %v\nwant %v", tasks, got, want)
		}
	}
}

// TestGoexitOfHosted: Goexit of a task that another has resumed ends Run, and does not
// unwind the other.
func TestGoexitOfHosted(t *testing.T) {
	l := newLoop(t, NewVirtual(time.Unix(0, 0)))
	unwound := false
	// The second to wait finds the first next in line, and hosts it.
	hosted := start(l, false, func(ctx *Task) error {
		for range 3 {
			if err := Sleep(ctx, 0); err != nil {
				return err
			}
		}
		if ctx.loop.base.G == ctx.fiber.G || ctx.loop.baton.Holder != &ctx.fiber.Coro {
			t.Error("the task has not the baton: the test tests nothing")
		}
		runtime.Goexit()
		return nil
	})
	host := start(l, false, func(ctx *Task) error {
		defer func() { unwound = true }()
		for !hosted.Finished() {
			if err := Sleep(ctx, 0); err != nil {
				return err
			}
		}
		return nil
	})
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = l.Run(nil)
		returned = true
	}()
	<-done
	if returned {
		t.Error("Run has returned, want its goroutine ended")
	}
	if unwound || host.Finished() {
		t.Error("the host was unwound too")
	}
	if hosted.Outcome() != ErrGoexit {
		t.Errorf("outcome %v", hosted.Outcome())
	}
	// The host goes on in the next run.
	if err := l.Run(func() *Future { return &host.Future }); err != nil || host.Outcome() != nil {
		t.Errorf("second run: %v, host %v", err, host.Outcome())
	}
}

// TestStopWhileHosting: Stop in a hosted task is heeded at the end of the turn.
func TestStopWhileHosting(t *testing.T) {
	l := newLoop(t, NewVirtual(time.Unix(0, 0)))
	steps := 0
	var tasks []*job
	for range 2 {
		tasks = append(tasks, start(l, false, func(ctx *Task) error {
			for {
				if steps++; steps == 10 {
					l.Stop()
				}
				if err := Sleep(ctx, 0); err != nil {
					return err
				}
			}
		}))
	}
	if err := l.Run(nil); err != nil {
		t.Fatal(err)
	}
	if steps != 10 {
		t.Errorf("%d steps, want 10", steps)
	}
	for _, k := range tasks {
		k.Cancel(&Request{})
	}
	runAll(t, l)
}
