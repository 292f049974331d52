package engine

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// A task is the context of its own coroutine; this file is that side of it.

// Deadline is that of the scope the task was created in, if any.
func (t *Task) Deadline() (time.Time, bool) {
	if m := t.member(); m != nil && m.ends != nil {
		return m.ends.Deadline()
	}
	if th := t.threadOf(); th != nil && th.outside {
		return t.values.Deadline()
	}
	return time.Time{}, false
}

// Done returns a channel that closes at the first Cancel and stays closed. It is
// made when first asked for.
func (t *Task) Done() <-chan struct{} { return t.sign().ctx().Done() }

// Err returns context.Canceled after the first Cancel.
func (t *Task) Err() error {
	x := t.extra.Load()
	if x == nil || x.first.Load() == nil {
		return nil
	}
	if x.signal.Load() != nil {
		t.sign() // so that Done is closed by now
	}
	return context.Canceled
}

// Value returns the values of the context that the task was created with.
func (t *Task) Value(key any) any {
	switch key {
	case nodeKey{}:
		return t
	case cancelKey:
		return t.sign().ctx().Value(key)
	}
	return t.values.Value(key)
}

// place is where a context leads to.
type place struct {
	loop *Loop
	task *Task  // the nearest task, nil if none
	near *Scope // the nearest scope below that task, nil if none; see nearest
	// window is one below that, nil if none.
	window *Window

	// Where an await belongs.
	scope   *Scope          // the nearest binding scope below that task, nil if none
	watch   context.Context // one that somebody else derived and that can end by itself, nil if none
	endless bool            // it never ends, whatever it leads to

	// Where a new task belongs.
	home   *Scope // the nearest binding scope or group below that task, nil if none
	away   bool   // watch was derived from that, and binds the task
	hears  bool   // HearEnd is called when watch has ended
	keeper *Scope // the nearest group
}

// unbound reports whether a wait of t here has no end but those of t itself.
func (p *place) unbound(t *Task) bool {
	return p.endless || p.task == t && p.scope == nil && p.watch == nil
}

// watched returns the context to ask for the end of a wait of t with ctx, nil if that
// is the end of a scope or a task of its loop, which tells by itself.
func (p *place) watched(t *Task, ctx context.Context) context.Context {
	switch {
	case p.watch != nil:
		return p.watch
	case p.loop != t.loop:
		return ctx
	}
	return nil
}

// scoped reports whether a task created here is bound to the context's end.
func (p *place) scoped() bool {
	return p.away || p.home != nil && p.home != &p.loop.root
}

// nearest returns the nearest scope below the task, nil if none.
func (p *place) nearest() *Scope {
	if p.window != nil {
		return p.window.made()
	}
	return p.near
}

const nilContext = "asyncio: nil context: pass the ctx that the coroutine was given, or loop.Context()"

// anchored is a type of the face that is, as a context, one with a scope.
type anchored interface{ anchor() *Scope }

// Anchor makes the type it is embedded in as a context one with a scope.
type Anchor struct{ scope *Scope }

// AnchorTo returns the anchor for s.
func AnchorTo(s *Scope) Anchor { return Anchor{s} }

func (a *Anchor) anchor() *Scope {
	if a.scope == nil {
		panic("asyncio: a zero TaskGroup: use the one that WithTaskGroup gives to its body")
	}
	return a.scope
}

// isScope reports whether ctx is a scope itself, and not derived from one.
func isScope(ctx context.Context) bool {
	switch ctx.(type) {
	case *Scope, *Window, anchored:
		return true
	}
	return false
}

// Deadline is that of the scope.
func (a *Anchor) Deadline() (time.Time, bool) { return a.anchor().Deadline() }

// Done is that of the scope.
func (a *Anchor) Done() <-chan struct{} { return a.anchor().Done() }

// Err is that of the scope.
func (a *Anchor) Err() error { return a.anchor().Err() }

// Value is that of the scope.
func (a *Anchor) Value(key any) any { return a.anchor().Value(key) }

// lookup finds where ctx leads to; the loop is nil if nowhere.
func lookup(ctx context.Context) place {
	switch c := ctx.(type) {
	case *Task:
		return place{loop: c.loop, task: c}
	case *Scope:
		return c.at
	case *Window:
		return c.place()
	case nil:
		panic(nilContext)
	case anchored:
		return c.anchor().at
	}
	var p place
	var from context.Context
	switch n := ctx.Value(nodeKey{}).(type) {
	case *Task:
		p, from = place{loop: n.loop, task: n}, n
	case *Scope:
		p, from = n.at, n
	case *Window:
		p, from = n.place(), n
	default:
		p.endless = ctx.Done() == nil
		return p
	}
	switch {
	case ctx.Done() == nil:
		return place{loop: p.loop, task: p.task, endless: true}
	case derived(ctx, from):
		p.away, p.watch = true, ctx
		p.endless = false
	}
	return p
}

// derived reports whether ctx can end before from, which it leads to. Channels
// alone do not tell: contexts that had ended before they were asked share one.
func derived(ctx, from context.Context) bool {
	done := ctx.Done()
	return done != nil && (done != from.Done() || ctx.Value(cancelKey) != from.Value(cancelKey))
}

// locate is lookup for verbs that need a loop.
func locate(ctx context.Context) place {
	p := lookup(ctx)
	if p.loop == nil {
		panic("asyncio: no event loop in this context: pass the ctx that the coroutine was given " +
			"(or one derived from it), or loop.Context()")
	}
	return p
}

// nodeKey is the key under which a context leads to the engine.
type nodeKey struct{}

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
// clock is ErrTimeout, which the standard library has no way to say.
func causeOf(ctx context.Context) error {
	if at := lookup(ctx); at.nearest() != nil && at.watch == nil {
		if err := at.nearest().signal.because(); err != nil {
			return err
		}
	}
	return stdCause(ctx)
}

// stdCause is context.Cause of a context that has ended. It may have done so without
// saying why.
func stdCause(ctx context.Context) error { return cmp.Or(context.Cause(ctx), context.Canceled) }

// signal is the standard library's view of something that ends at most once: a
// cancellable context that is made when first asked for.
type signal struct {
	mu    sync.Mutex
	kind  error // context.Canceled or context.DeadlineExceeded; nil until the end
	cause error
	std   context.Context
	stop  context.CancelCauseFunc
	top   *deadline
}

// end ends the context with what Err and context.Cause are to return, if it was
// not ended before. Done is closed when it returns, whoever was first.
func (s *signal) end(kind, cause error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kind != nil {
		return false
	}
	s.kind, s.cause = kind, cause
	if s.std != nil {
		s.close()
	}
	return true
}

// close is called with mu held, so that nobody sees Done and Err disagree.
func (s *signal) close() {
	if s.kind == context.DeadlineExceeded {
		s.top.expire()
	} else {
		s.stop(s.cause)
	}
}

// err returns what Err does.
func (s *signal) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kind
}

// because returns why it has ended, nil if it has not.
func (s *signal) because() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}

// ctx returns the context, made on first use.
func (s *signal) ctx() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.std == nil {
		s.top = &deadline{done: make(chan struct{})}
		s.std, s.stop = context.WithCancelCause(s.top)
		if s.kind != nil {
			s.close()
		}
	}
	return s.std
}

// deadline is a context whose only purpose is to make the one below it end with
// DeadlineExceeded, at a moment that is not of the machine's clock.
type deadline struct {
	mu   sync.Mutex
	done chan struct{}
	over bool
	then func()
}

func (d *deadline) Deadline() (time.Time, bool) { return time.Time{}, false }
func (d *deadline) Done() <-chan struct{}       { return d.done }
func (d *deadline) Value(any) any               { return nil }

func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return context.DeadlineExceeded
	}
	return nil
}

// AfterFunc is how the context package attaches a child without a goroutine.
func (d *deadline) AfterFunc(f func()) func() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.then = f
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		pending := d.then != nil
		d.then = nil
		return pending
	}
}

func (d *deadline) expire() {
	d.mu.Lock()
	d.over = true
	then := d.then
	d.then = nil
	close(d.done)
	d.mu.Unlock()
	if then != nil {
		then()
	}
}

// Located returns the loop that ctx leads to, and the keeper of the group that
// tasks created with ctx belong to, nil if none.
func Located(ctx context.Context) (*Loop, Keeper) {
	if t, ok := ctx.(*Task); ok {
		return t.loop, nil
	}
	at := locate(ctx)
	if at.keeper == nil {
		return at.loop, nil
	}
	return at.loop, at.keeper.keeper
}

// Over reports whether there is no waiting with ctx any more, whatever for: it leads to
// a loop that is closed, or to a task that is done, while its goroutine goes on.
func Over(ctx context.Context) bool {
	at := lookup(ctx)
	return at.loop != nil && at.loop.closed.Load() || at.task != nil && at.task.Finished()
}

// GroupOf returns the keeper of the group that ctx, or the task it belongs to, is in,
// nil if none.
func GroupOf(ctx context.Context) Keeper {
	at := locate(ctx)
	s := at.keeper
	if s == nil && at.task != nil {
		if m := at.task.member(); m != nil {
			s = m.keeper
		}
	}
	if s == nil {
		return nil
	}
	return s.keeper
}

// Caller returns the task whose code calls it, nil for a goroutine that is none, and
// ErrNotInTask in a callback.
func Caller(ctx context.Context) (*Task, error) {
	at := locate(ctx)
	return caller(at, at.loop)
}

// Unscoped returns the context in which the caller waits if only a cancellation
// of its own is to interrupt it.
func Unscoped(ctx context.Context) context.Context {
	at := lookup(ctx)
	if t, _ := caller(at, at.loop); t != nil {
		return t
	}
	return context.Background()
}

// Current returns the task whose code calls it: on the loop of ctx the running
// one, nil in a callback; elsewhere the task that ctx belongs to.
func Current(ctx context.Context) *Task {
	at := locate(ctx)
	if at.loop.owned() {
		return at.loop.current
	}
	return at.task
}
