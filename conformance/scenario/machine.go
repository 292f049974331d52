package scenario

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
)

// unit is a unit of a program's time.
const unit = time.Millisecond

// Result is what a program has done.
type Result struct {
	Trace []string
	Ran   map[string]int // how often each operation was run
}

// Run runs a program. Options are for the loop.
func Run(p *Program, opts ...asyncio.Option) Result {
	return RunWith(p, func(*asyncio.Loop) {}, opts...)
}

// RunWith is Run with a function that is given the loop before it runs.
func RunWith(p *Program, ready func(*asyncio.Loop), opts ...asyncio.Option) Result {
	m := &machine{
		program: p,
		names:   map[string]*thing{},
		made:    map[string]int{},
		things:  map[asyncio.AnyFuture]*thing{},
		ran:     map[string]int{},
	}
	opts = append([]asyncio.Option{
		asyncio.WithVirtualClock(),
		asyncio.WithGrace(2 * horizon * unit),
		asyncio.WithExceptionHandler(m.reported),
	}, opts...)
	r := asyncio.NewRunner(opts...)
	m.loop = r.Loop()
	ready(m.loop)
	m.start = m.loop.Time()
	m.loop.CallLater(horizon*unit, func() { m.end("out of time") })
	for _, name := range sorted(p.Objects) {
		if p.Objects[name].Kind != "condition" {
			m.make(name, p.Objects[name])
		}
	}
	for _, name := range sorted(p.Objects) {
		if p.Objects[name].Kind == "condition" { // they may use locks
			m.make(name, p.Objects[name])
		}
	}
	main := &thing{name: "main"}
	m.names["main"] = main
	v, err := asyncio.RunOn(r, context.Background(), m.body(main, p.Main, 0))
	switch {
	case m.over:
	case err != nil:
		m.say("run ! %s", show(err))
	default:
		m.say("run = %s", v)
	}
	if err := r.Close(); err != nil {
		m.say("close ! %s", show(err))
	}
	runtime.KeepAlive(m) // what is collected before has its errors reported early
	return Result{m.trace, m.ran}
}

// machine runs one program. All but Run runs on the loop.
type machine struct {
	program *Program
	loop    *asyncio.Loop
	start   time.Time
	trace   []string
	over    bool // the program was ended from outside
	steps   int
	eager   bool // so is the task factory
	waiting int  // in passingOn
	ran     map[string]int
	names   map[string]*thing
	made    map[string]int // how many things each name has stood for
	things  map[asyncio.AnyFuture]*thing
}

// thing is what a name stands for.
type thing struct {
	name   string
	obj    any                       // an object, scope, handle or variable
	future *asyncio.Future[string]   // if it is one
	task   *asyncio.Task[string]     // if it is one, nil until that is made
	aw     asyncio.Awaitable[string] // either of them
	waits  []*thing                  // of a task: what it awaits, and passes cancellations on to
	begun  bool                      // of a task
	remove func() bool               // of a done callback
	num    int                       // of a variable
}

// env is where operations run.
type env struct {
	ctx    context.Context
	me     *thing // the task, nil in a callback
	depth  int    // how many lists of operations are around
	caught error  // in a then
}

// inside is e in a list of operations in the one that runs.
func (e env) inside() env {
	e.depth++
	return e
}

// problem is an error of the language.
type problem string

func (p problem) Error() string { return string(p) }

const (
	errUnbound  = problem("unbound")
	errDeadlock = problem("deadlock")
	errNothing  = problem("nothing to wait for")
	errMisuse   = problem("misuse")
	errLate     = problem("timeout over")
	errDeep     = problem("too deep")
)

// errOver is how every operation fails once the program was ended from outside.
var errOver = errors.New("the program is over")

// failed is what a fail raises.
type failed string

func (f failed) Error() string { return string(f) }

// show is how the trace has an error.
func show(err error) string {
	var (
		f     failed
		p     problem
		c     *asyncio.CancelledError
		panik *asyncio.PanicError
	)
	if group, ok := err.(*asyncio.GroupError); ok { //nolint:errorlint // what is in it does not count
		parts := make([]string, len(group.Errs))
		for i, e := range group.Errs {
			parts[i] = show(e)
		}
		return "group(" + strings.Join(parts, ", ") + ")"
	}
	switch {
	case errors.As(err, &panik):
		return err.Error() // of the library's own
	case errors.Is(err, asyncio.ErrNotAcquired): // it may be joined with what came before
		return "misuse"
	case errors.As(err, &f):
		return "error " + string(f)
	case errors.As(err, &p):
		return string(p)
	case errors.Is(err, asyncio.ErrTimeout):
		return "timeout"
	case errors.As(err, &c):
		if c.Message != "" {
			return "cancelled " + c.Message
		}
		return "cancelled"
	case errors.Is(err, asyncio.ErrDeadlock):
		return string(errDeadlock)
	case errors.Is(err, asyncio.ErrInvalidState):
		return "invalid state"
	case errors.Is(err, asyncio.ErrQueueEmpty):
		return "queue empty"
	case errors.Is(err, asyncio.ErrQueueFull):
		return "queue full"
	case errors.Is(err, asyncio.ErrQueueShutDown):
		return "queue shut down"
	case errors.Is(err, asyncio.ErrBrokenBarrier):
		return "broken barrier"
	case errors.Is(err, asyncio.ErrGroupClosed):
		return "group closed"
	}
	return err.Error()
}

// matches reports whether a try that catches these catches err.
func matches(catch string, err error) bool {
	what := show(err)
	cancelled := strings.HasPrefix(what, "cancelled")
	switch catch {
	case "cancelled":
		return cancelled
	case "error":
		return !cancelled
	case "timeout":
		return what == "timeout"
	}
	return true // any
}

func (m *machine) now() int { return int(m.loop.Time().Sub(m.start) / unit) }

func (m *machine) say(format string, args ...any) {
	if m.over {
		return
	}
	who := "-"
	if t := asyncio.CurrentTask(m.loop.Context()); t != nil {
		who = t.Name()
	}
	m.trace = append(m.trace, fmt.Sprintf("%d %s ", m.now(), who)+fmt.Sprintf(format, args...))
}

// end ends the program from outside.
func (m *machine) end(why string) {
	if m.over {
		return
	}
	m.trace = append(m.trace, fmt.Sprintf("%d - %s; pending: %s", m.now(), why, m.pending()))
	m.over = true
	m.loop.Stop()
}

func (m *machine) pending() string {
	var names []string
	for _, t := range asyncio.AllTasks(m.loop) {
		names = append(names, t.Name())
	}
	return list(names)
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}

func (m *machine) step() error {
	if !m.over {
		if m.steps++; m.steps <= budget {
			return nil
		}
		m.end("out of steps")
	}
	return errOver
}

// reported is the exception handler.
func (m *machine) reported(_ *asyncio.Loop, e asyncio.ExceptionContext) {
	what, err := e.Message, ""
	var panik *asyncio.PanicError
	switch {
	case errors.As(e.Err, &panik) && panik.Unwrap() != nil:
		err = ": " + show(panik.Unwrap()) // how a callback fails
	case e.Err != nil:
		err = ": " + show(e.Err)
	}
	switch {
	case strings.HasSuffix(what, "task was never awaited"):
		return // of debug mode, which CPython does not have for tasks
	case strings.Contains(what, "error was never retrieved"):
		who := "future"
		if e.Task != nil {
			who = e.Task.Name()
		}
		m.say("never retrieved %s%s", who, err)
		return
	case strings.HasPrefix(what, "panic in callback"):
		what = "callback"
	case strings.HasPrefix(what, "unhandled error during shutdown"):
		what = "shutdown"
	}
	m.say("handler: %s%s", what, err)
}

// bind makes name stand for a new thing.
func (m *machine) bind(name string) *thing {
	m.made[name]++
	t := &thing{name: name}
	if n := m.made[name]; n > 1 {
		t.name = fmt.Sprintf("%s#%d", name, n)
	}
	m.names[name] = t
	return t
}

// get returns what a name stands for; a task that is being made is not there yet,
// unless it has begun.
func (m *machine) get(name string) (*thing, error) {
	t := m.names[name]
	if name == "self" {
		if self := asyncio.CurrentTask(m.loop.Context()); self != nil {
			t = m.things[self]
		}
	}
	if t == nil || t.obj == nil && t.aw == nil && t.remove == nil {
		return nil, errUnbound
	}
	return t, nil
}

// of returns the object that a name stands for.
func of[T any](m *machine, name string) (T, error) {
	t, err := m.get(name)
	if err != nil {
		var zero T
		return zero, err
	}
	return t.obj.(T), nil
}

// known notes the task of a thing, which may begin before CreateTask returns.
func (m *machine) known(t *thing, task *asyncio.Task[string]) {
	if t.task == nil {
		t.task, t.aw = task, task
		m.things[task] = t
	}
}

// body is a task's coroutine.
func (m *machine) body(me *thing, ops []*Op, depth int) asyncio.Coroutine[string] {
	return func(ctx context.Context) (string, error) {
		me.begun = true
		task := asyncio.CurrentTask(ctx).(*asyncio.Task[string])
		task.SetName(me.name) // main has none yet
		m.known(me, task)
		m.say("start")
		ret, err := m.exec(env{ctx: ctx, me: me, depth: depth}, ops)
		if err != nil {
			m.say("end ! %s", show(err))
			return "", err
		}
		m.say("end = %s", returned(ret))
		return returned(ret), nil
	}
}

// returned is the value of a coroutine that has come to its end or to a return.
func returned(ret *string) string {
	if ret == nil {
		return "none"
	}
	return *ret
}

// callback is a function for the loop to call. It fails by a panic.
func (m *machine) callback(ops []*Op) func() {
	return func() {
		_, err := m.exec(env{ctx: m.loop.Context()}, ops)
		if err != nil && err != errOver { //nolint:errorlint // as it is
			panic(err)
		}
	}
}

// outcome is what an operation comes to: a value to show, or a return.
type outcome struct {
	value *string
	ret   *string
}

// value makes an outcome of an operation's result.
func value(format string, args ...any) outcome {
	s := fmt.Sprintf(format, args...)
	return outcome{value: &s}
}

// exec runs operations until one fails or returns.
func (m *machine) exec(e env, ops []*Op) (ret *string, err error) {
	if e.depth > maxNested {
		return nil, errDeep
	}
	for _, op := range ops {
		if err := m.step(); err != nil {
			return nil, err
		}
		m.ran[op.Op]++
		block := op.spec.Block && !op.spec.Quiet
		if block {
			m.say("%s in", op.label)
		}
		out, err := operations[op.Op](m, e, op)
		switch {
		case err != nil:
			if !op.spec.Quiet {
				m.say("%s ! %s", op.label, show(err))
			}
			return nil, err
		case out.ret != nil:
			if block {
				m.say("%s out", op.label)
			}
			return out.ret, nil
		case op.spec.Quiet:
			continue
		}
		line := op.label
		if out.value != nil {
			line += " = " + *out.value
		}
		if block {
			line += " out"
		}
		m.say("%s", line)
	}
	return nil, nil
}
