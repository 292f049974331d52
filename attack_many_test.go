package asyncio

import (
	"context"
	"testing"
)

// Others may call in faster than the loop can do what they want. Timers come in between
// all the same, or the end of a main that sleeps would never come.
func TestTimersComeBetweenManyCallsFromOutside(t *testing.T) {
	const n = 100_000
	l := NewLoop(WithVirtualClock())
	defer l.Close()
	var got []int
	timer := -1
	l.CallSoon(func() {
		l.CallLater(0, func() { timer = len(got) })
		filled := make(chan struct{})
		go func() {
			defer close(filled)
			for i := range n {
				l.CallSoon(func() {
					if got = append(got, i); len(got) == n {
						l.Stop()
					}
				})
			}
		}()
		<-filled
	})
	l.RunForever()
	for i, x := range got {
		if x != i {
			t.Fatalf("call %d came as number %d", x, i)
		}
	}
	if timer < 0 || timer > n/2 {
		t.Errorf("the timer went off after %d of %d calls", timer, n)
	}
}

// An error that wraps itself is looked into for a moment, and not for as long as it goes on.
func TestErrorsThatWrapThemselvesAreNotLookedIntoForLong(t *testing.T) {
	looks := 0
	for _, e := range []error{&circularError{&looks}, &forkedError{&looks}} {
		looks = 0
		_, err := Run(context.Background(), Void(func(context.Context) error { return e }))
		if err != e { //nolint:errorlint // errors.Is would not come back
			t.Errorf("%T comes back as a %T", e, err)
		}
		if looks > 1<<20 {
			t.Errorf("%T was unwrapped %d times", e, looks)
		}
	}
}

type circularError struct{ looks *int }

func (e *circularError) Error() string { return "circular" }
func (e *circularError) Unwrap() error { *e.looks++; return e }

type forkedError struct{ looks *int }

func (e *forkedError) Error() string   { return "forked" }
func (e *forkedError) Unwrap() []error { *e.looks++; return []error{e, e} }
