package engine

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// stdContext is the standard library's view of something that ends at most once: a
// cancellable context that is made when first asked for.
type stdContext struct {
	mu    sync.Mutex
	kind  error // context.Canceled or context.DeadlineExceeded; nil until the end
	cause error
	made  context.Context
	stop  context.CancelCauseFunc
	late  func() // stop with DeadlineExceeded
}

// end ends the context with what Err and context.Cause are to return, if it was
// not ended before. Done is closed when it returns, whoever was first.
func (s *stdContext) end(kind, cause error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kind != nil {
		return false
	}
	s.kind, s.cause = kind, cause
	if s.made != nil {
		s.close()
	}
	return true
}

// close is called with mu held, so that nobody sees Done and Err disagree.
func (s *stdContext) close() {
	if s.kind == context.DeadlineExceeded && s.late != nil {
		s.late()
	} else {
		s.stop(s.cause)
	}
}

// ended returns what end was called with, nothing before.
func (s *stdContext) ended() (kind, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kind, s.cause
}

// ctx returns the context, made on first use.
func (s *stdContext) ctx() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil {
		s.made, s.stop = context.WithCancelCause((*expiring)(s))
		if s.kind != nil {
			s.close()
		}
	}
	return s.made
}

// expiring is what that is derived from, for no other purpose than that it can end with
// DeadlineExceeded at a moment that is not of the machine's clock. Nobody else comes to
// it, so that mu is held whenever it is asked.
type expiring stdContext

func (*expiring) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*expiring) Done() <-chan struct{}       { return neverClosed }
func (*expiring) Value(any) any               { return nil }
func (e *expiring) Err() error                { return e.kind }

// AfterFunc is how the context package attaches a child without a goroutine.
func (e *expiring) AfterFunc(f func()) func() bool {
	e.late = f
	return func() bool { return true }
}

var neverClosed = make(chan struct{})

// cancelKey is the key under which the context package looks for the context it
// may attach children to without a goroutine, and for causes. It is learned by
// asking; should it ever not be one key, tasks and scopes still work as contexts
// of an unknown kind.
var cancelKey = func() any {
	s := spy{Context: context.Background()}
	_ = context.Cause(&s)
	return s.key
}()

// spy remembers the last key it was asked for. It has ended, because of others
// Cause asks nothing.
type spy struct {
	context.Context
	key any
}

func (*spy) Err() error          { return context.Canceled }
func (s *spy) Value(key any) any { s.key = key; return nil }

// causeOf is context.Cause of a context that has ended, but a deadline on the loop's
// clock is ErrTimeout, which the standard library has no way to say. With a foreign context
// in between it is what that says.
func causeOf(ctx context.Context) error {
	at := lookup(ctx)
	_, own := at.ends.(node)
	if s := scopeOf(at.from); s != nil && (own || at.ends == nil) {
		if _, cause := s.std.ended(); cause != nil {
			return cause
		}
	}
	return stdCause(ctx)
}

// stdCause is context.Cause of a context that has ended. It may have done so without
// saying why.
func stdCause(ctx context.Context) error { return cmp.Or(context.Cause(ctx), context.Canceled) }
