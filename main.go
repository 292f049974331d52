package asyncio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/asyncio-go/asyncio/internal/errwalk"
)

// Main is what a program's main function calls: it runs f with [Run], and returns when f
// has returned nil and nobody is left. Otherwise it ends the process, after the deferred
// functions of tasks but without those of its caller. (asyncio.run, in a program)
//
//   - Ctrl-C or SIGTERM cancels f: see [WithSignals], which it has. If f ends by that, the exit status
//     is 130 or 143, with a line on standard error. A second one ends the process at once.
//   - If f returns another error that is printed to standard error, each error of a group in a
//     line of its own, a panic with its stack, and the exit status is 1. So it is with [ErrGraceExceeded],
//     if f or a task does not end when it is asked to.
//
// A shell starts what it puts in the background of a script ("program &") with interrupts
// ignored: to have it end by "kill -INT" give WithSignals(os.Interrupt, syscall.SIGTERM).
//
// opts are those of Run. It must not be called on a loop.
func Main(f func(ctx context.Context) error, opts ...Option) {
	if status := runMain(f, os.Stderr, opts); status != 0 {
		os.Exit(status)
	}
}

func runMain(f func(ctx context.Context) error, stderr io.Writer, opts []Option) (status int) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			panic(v)
		}
		// As of a main function that calls it while nobody is left to end the process.
		fmt.Fprintln(stderr, "asyncio: Main: runtime.Goexit was called")
		os.Exit(1)
	}()
	_, err := Run(context.Background(), Void(f), append([]Option{WithSignals()}, opts...)...)
	returned = true
	if err == nil {
		return 0
	}
	var late error
	main := err
	if x, ok := err.(*endedLate); ok { //nolint:errorlint // it is Run's own
		main, late = x.main, x.late
	}
	if sig, ok := errwalk.Find[*SignalError](main); ok && isCancellation(main, false) {
		fmt.Fprintf(stderr, "asyncio: ended by %v\n", sig.Signal)
		if late != nil {
			explain(stderr, late)
		}
		return sig.status()
	}
	explain(stderr, err)
	return 1
}

// explain prints an error for people: each error of a group or a join in a line of its
// own, and panics with their stacks.
func explain(w io.Writer, err error) {
	type line struct {
		err    error
		indent string
	}
	left := []line{{err, ""}}
	for n := 0; len(left) > 0; n++ {
		x := left[len(left)-1]
		left = left[:len(left)-1]
		if n == mostExplained {
			fmt.Fprintln(w, x.indent+"and more")
			return
		}
		text, inside, stack := parts(x.err)
		indent := x.indent
		if text != "" {
			fmt.Fprintln(w, indent+strings.ReplaceAll(text, "\n", "\n"+indent))
			indent += "\t"
		}
		if stack != "" {
			fmt.Fprintln(w, indent+strings.ReplaceAll(strings.TrimSpace(stack), "\n", "\n"+indent))
		}
		for _, err := range slices.Backward(inside) {
			if err != nil {
				left = append(left, line{err, indent})
			}
		}
	}
}

// mostExplained bounds the errors that are printed, which may even be in a circle.
const mostExplained = 1000

// parts returns the text of an error, or of its outermost part if it has more to it, and
// what is to be printed below. The errors are users', whose methods may panic.
func parts(err error) (text string, inside []error, stack string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("an error of type %T, whose methods panic", err)
		}
	}()
	switch x := err.(type) { //nolint:errorlint // each is printed as it is
	case *PanicError:
		return fmt.Sprintf("panic: %v", x.Value), nil, string(x.Stack)
	case *GroupError:
		return fmt.Sprintf("task group: %d failed", len(x.Errs)), x.Unwrap(), ""
	case interface{ Unwrap() []error }:
		inside = x.Unwrap()
		if err.Error() != errors.Join(inside...).Error() {
			text = err.Error()
			inside = slices.DeleteFunc(slices.Clone(inside), func(err error) bool { return !composed(err) })
		}
		return text, inside, ""
	case interface{ Unwrap() error }:
		if inner := x.Unwrap(); composed(inner) {
			return strings.TrimSuffix(strings.TrimSuffix(err.Error(), inner.Error()), ": ") + ":", []error{inner}, ""
		}
	}
	return err.Error(), nil, ""
}

// composed reports whether an error has more to it than its text.
func composed(err error) bool {
	for range mostExplained {
		switch x := err.(type) { //nolint:errorlint // this is the walk that errors.As would do
		case *PanicError, *GroupError:
			return true
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		default:
			return false
		}
	}
	return false
}
