package errwalk_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// An error that wraps itself is looked into for a moment, and not for as long as it goes on.
func TestErrorsThatWrapThemselvesAreNotLookedIntoForLong(t *testing.T) {
	looks := 0
	for _, e := range []error{&circularError{&looks}, &forkedError{&looks}} {
		looks = 0
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(context.Context) error { return e }))
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
