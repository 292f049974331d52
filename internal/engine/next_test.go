package engine

import (
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestHandingOver: tasks hand control to each other in the order of the ready queue,
// whatever ends them or comes between.
func TestHandingOver(t *testing.T) {
	for _, tasks := range []int{2, 3, 7} {
		l := newLoop(t, NewVirtual(time.Unix(0, 0)))
		var got, want []string
		for i := range tasks {
			start(l, false, func(ctx *Task) error {
				for round := range 3 {
					got = append(got, strconv.Itoa(i)+"."+strconv.Itoa(round))
					if i == 1 && round == 1 {
						return nil // ends while others wait
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

// TestGoexitAfterHandingOver: Goexit of a task that another has handed control to ends Run,
// and does not unwind the other.
func TestGoexitAfterHandingOver(t *testing.T) {
	l := newLoop(t, NewVirtual(time.Unix(0, 0)))
	unwound := false
	exits := start(l, false, func(ctx *Task) error {
		for range 3 {
			if err := Sleep(ctx, 0); err != nil {
				return err
			}
		}
		runtime.Goexit()
		return nil
	})
	other := start(l, false, func(ctx *Task) error {
		defer func() { unwound = true }()
		for !exits.Finished() {
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
	if unwound || other.Finished() {
		t.Error("the other was unwound too")
	}
	if exits.Outcome() != ErrGoexit {
		t.Errorf("outcome %v", exits.Outcome())
	}
	// The other goes on in the next run.
	if err := l.Run(func() *Future { return &other.Future }); err != nil || other.Outcome() != nil {
		t.Errorf("second run: %v, other %v", err, other.Outcome())
	}
}

// TestStopWhileHandingOver: Stop is heeded at the end of the turn also by tasks that hand
// control to each other.
func TestStopWhileHandingOver(t *testing.T) {
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

// TestNextIsWhoComesNext: control goes from a task straight to the next, started or
// fresh, and to Run's goroutine only for what is no step of a task.
func TestNextIsWhoComesNext(t *testing.T) {
	l := newLoop(t, NewVirtual(time.Unix(0, 0)))
	other := start(l, false, func(ctx *Task) error { return Sleep(ctx, 0) })
	ended := start(l, false, func(*Task) error { return nil }) // leaves an idle coroutine
	main := start(l, false, func(ctx *Task) error {
		hand := func(what string, want bool) {
			l.ready.push(ctx) // as Sleep does
			to := l.next()
			if direct := to != l.base; direct != want {
				t.Errorf("before %s: handed over directly: %v", what, direct)
			}
			l.baton.Pass(to)
		}
		hand("a started task", true)
		if !other.Finished() || !ended.Finished() {
			t.Error("the others have not come first")
		}
		fresh := start(l, false, func(*Task) error { return nil })
		hand("a fresh task", true)
		if !fresh.Finished() {
			t.Error("the fresh task has not run")
		}
		h := &Handle{}
		h.Init(l, func() {}, nil)
		h.Soon()
		hand("a callback", false)
		return nil
	})
	if err := l.Run(func() *Future { return &main.Future }); err != nil || main.Outcome() != nil {
		t.Errorf("Run: %v, main: %v", err, main.Outcome())
	}
}
