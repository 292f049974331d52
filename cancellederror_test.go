package asyncio_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// errorList is an error that cannot be compared, and is a *fs.PathError for errors.As.
type errorList []error

func (e errorList) Error() string   { return "all failed" }
func (e errorList) Unwrap() []error { return e }

func (e errorList) As(target any) bool {
	p, ok := target.(**fs.PathError)
	if ok {
		*p = &fs.PathError{Op: "write", Err: testutil.ErrTest}
	}
	return ok
}

// stoppedWith is the error of a Timeout whose body makes one of its cancellation.
func stoppedWith(t *testing.T, body func(cancelled error) error) (err error) {
	t.Helper()
	testutil.Succeed(t, func(ctx context.Context) error {
		err = asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
			return body(asyncio.Sleep(ctx, time.Hour))
		})
		return nil
	})
	return err
}

// What is taken out of an error leaves it what it was to errors.Is and errors.As.
func TestErrorWithoutItsCancellationIsStillItself(t *testing.T) {
	var itself *wrappedError
	err := stoppedWith(t, func(cancelled error) error {
		itself = &wrappedError{"save", errors.Join(cancelled, errRollback)}
		return itself
	})
	testutil.ExpectIs(t, "Timeout", err, itself)
	testutil.ExpectIs(t, "Timeout", err, errRollback)
	if errors.Is(err, &wrappedError{}) || errors.Is(err, asyncio.ErrCancelled) {
		t.Errorf("%v is another", err)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		t.Errorf("%v is a %T", err, path)
	}

	err = stoppedWith(t, func(cancelled error) error {
		return &asyncio.GroupError{Errs: []error{cancelled, errors.Join(cancelled, errRollback)}}
	})
	testutil.ExpectIs(t, "with a group", err, errRollback)
	var group *asyncio.GroupError
	if !errors.As(err, &group) || len(group.Errs) != 1 || errors.Is(group, asyncio.ErrCancelled) {
		t.Errorf("%v: %v is left of the group", err, group)
	}

	err = stoppedWith(t, func(cancelled error) error { return errorList{cancelled, errRollback} })
	testutil.ExpectIs(t, "with a list", err, errRollback)
	if errors.Is(err, os.ErrExist) || errors.Is(err, asyncio.ErrCancelled) {
		t.Errorf("%v is another", err)
	}
	var list errorList
	if !errors.As(err, &list) || !errors.As(err, &path) || path.Op != "write" {
		t.Errorf("%v has lost what it is", err)
	}
	var number interface{ Number() int }
	if errors.As(err, &number) {
		t.Errorf("%v is a %T", err, number)
	}
}
