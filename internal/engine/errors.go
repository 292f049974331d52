package engine

import (
	"context"
	"errors"
	"fmt"
)

// Errors that the engine itself returns. The face documents them.
var (
	ErrLoopClosed   = errors.New("asyncio: event loop is closed")
	ErrLoopRunning  = errors.New("asyncio: event loop is already running")
	ErrInvalidState = errors.New("asyncio: invalid state")
	ErrDeadlock     = errors.New("asyncio: await would never end")
	ErrNotInTask    = errors.New("asyncio: a callback cannot await; create a task in it instead")
	ErrThreadLocked = errors.New("asyncio: tasks that wait on this loop were started with another runtime.LockOSThread: " +
		"call this on the goroutine that has run the loop, locked as it was then")
	ErrGoexit = errors.New("asyncio: task called runtime.Goexit")

	errNotDone = fmt.Errorf("%w: not done yet", ErrInvalidState)

	ErrTimeout error = timeoutError{}
)

// timeoutError is context.DeadlineExceeded for errors.Is, and a net.Error.
type timeoutError struct{}

func (timeoutError) Error() string        { return "asyncio: timeout" }
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true }
