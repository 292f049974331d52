package asyncio_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// typed is a line from a terminal on which nobody types.
func typed(context.Context) (string, error) {
	r, _, err := os.Pipe()
	if err != nil {
		return "", err
	}
	return bufio.NewReader(r).ReadString('\n')
}

// blocks keeps the loop for ever.
func blocks() { select {} }

// readyIn says ready when a goroutine is blocked in a function, in a call of another.
func readyIn(function, in string) {
	for buf := make([]byte, 1<<20); ; runtime.Gosched() {
		for block := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			status, stack, _ := strings.Cut(block, "\n")
			if strings.Contains(stack, function) && strings.Contains(stack, in) && !strings.Contains(status, "[run") {
				fmt.Println("ready")
				return
			}
		}
	}
}

// errorOf is an error with a function for a text.
type errorOf func() string

func (e errorOf) Error() string { return e() }

// ouroboros wraps itself.
type ouroboros struct{}

func (e *ouroboros) Error() string { return "swallows" }
func (e *ouroboros) Unwrap() error { return e }

// hydra joins itself with itself, and has a text of its own.
type hydra struct{}

func (e *hydra) Error() string   { return "grows" }
func (e *hydra) Unwrap() []error { return []error{&asyncio.GroupError{Errs: []error{e, e}}} }

// whistle is a signal that no system has.
type whistle struct{}

func (whistle) String() string { return "whistle" }
func (whistle) Signal()        {}

// mainPrograms are programs whose main function each is the call of Main. They say ready
// when a signal may come.
var mainPrograms = map[string]func(){
	"waits in ToThread": func() {
		asyncio.Main(func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				defer fmt.Println("cleaned up")
				return asyncio.Sleep(ctx, time.Hour)
			}))
			_, err := asyncio.ToThread(ctx, func(ctx context.Context) (string, error) {
				go readyIn(".(*Reader).ReadString(", "asyncio_test.typed(")
				return typed(ctx)
			})
			var s *asyncio.SignalError
			var c *asyncio.CancelledError
			fmt.Println(errors.As(err, &s), errors.As(err, &c) && c.Origin == asyncio.OriginContext)
			return err
		}, asyncio.WithGrace(time.Millisecond))
	},
	"ends in time": func() {
		asyncio.Main(func(ctx context.Context) error {
			fmt.Println("ready")
			return asyncio.Sleep(ctx, time.Hour)
		})
	},
	"refuses": func() {
		asyncio.Main(func(ctx context.Context) error {
			fmt.Println("ready")
			fmt.Println(asyncio.Sleep(ctx, time.Hour) != nil)
			return nil
		})
		fmt.Println("went on")
	},
	"does not listen": func() {
		asyncio.Main(func(ctx context.Context) error {
			defer fmt.Println("unwound")
			fmt.Println("ready")
			for {
				_ = asyncio.Sleep(ctx, time.Hour)
			}
		}, asyncio.WithGrace(time.Millisecond))
	},
	"has a deaf Go task": func() {
		asyncio.Main(func(ctx context.Context) error {
			asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				go func() {
					<-ctx.Done()
					fmt.Println("asked") // the next signal is the second
				}()
				go readyIn(".(*Reader).ReadString(", "asyncio_test.typed(")
				return typed(ctx)
			}, asyncio.WithName("stdin"))
			return asyncio.Sleep(ctx, time.Hour)
		})
	},
	"is stuck": func() {
		asyncio.Main(func(ctx context.Context) error {
			c := make(chan os.Signal, 2)
			signal.Notify(c, os.Interrupt)
			go func() {
				<-c
				fmt.Println("asked")
			}()
			asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
				go readyIn("asyncio_test.blocks(", "")
				blocks()
				return nil
			}), asyncio.WithName("blocks"))
			return asyncio.Sleep(ctx, time.Hour)
		})
	},
	"fails": func() {
		defer fmt.Println("not called")
		asyncio.Main(func(context.Context) error { return fmt.Errorf("load: %w", testutil.ErrTest) })
	},
	"fails in a group": func() {
		asyncio.Main(func(ctx context.Context) error {
			return fmt.Errorf("work: %w", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, testutil.Fail(errors.New("one")), asyncio.WithName("first"))
				asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { panic("two") }), asyncio.WithName("second"))
				return asyncio.Sleep(ctx, time.Hour)
			}))
		})
	},
	"fails in many ways": func() {
		asyncio.Main(func(context.Context) error {
			in := func(text string, err error) error { return fmt.Errorf("%s: %w", text, err) }
			group := &asyncio.GroupError{Errs: []error{testutil.ErrTest}}
			return errors.Join(
				fmt.Errorf("both %w and %w", errors.New("one"), in("two", group)),
				in("plain", in("inside", testutil.ErrTest)),
				errorOf(func() string { panic("Error of the user's") }),
				nil,
			)
		})
	},
	"fails with what wraps itself": func() {
		asyncio.Main(func(context.Context) error { return &ouroboros{} })
	},
	"fails with what joins itself": func() {
		asyncio.Main(func(context.Context) error { return &hydra{} })
	},
	"is cancelled by no signal of the system": func() {
		asyncio.Main(func(context.Context) error {
			return &asyncio.CancelledError{Origin: asyncio.OriginContext, Cause: &asyncio.SignalError{Signal: whistle{}}}
		})
	},
	"panics": func() {
		asyncio.Main(func(context.Context) error {
			explode()
			return nil
		})
	},
	"exits": func() {
		asyncio.Main(func(context.Context) error {
			runtime.Goexit()
			return nil
		})
	},
	"is cancelled by itself": func() {
		asyncio.Main(func(ctx context.Context) error {
			asyncio.CurrentTask(ctx).Cancel("by hand")
			return asyncio.Sleep(ctx, time.Hour)
		})
	},
	"returns nil": func() {
		defer fmt.Println("deferred")
		asyncio.Main(func(context.Context) error { return nil })
	},
	"a late panic crashes": func() {
		asyncio.Main(func(ctx context.Context) error {
			_, release := left(ctx, func(context.Context) (int, error) {
				explode()
				return 0, nil
			})
			release()
			return nil
		}, asyncio.PanicsCrash())
	},
	"signals are restored": func() {
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			fmt.Println("ready")
			return asyncio.Sleep(ctx, time.Hour)
		}), asyncio.WithSignals(os.Interrupt, syscall.SIGTERM))
		var s *asyncio.SignalError
		fmt.Println("asked", errors.As(err, &s), errors.Is(err, asyncio.ErrCancelled))
		time.Sleep(time.Hour) // the next one ends the process as if it were not caught
	},
}

// TestMainProcess is a process that tests start; by itself it does nothing.
func TestMainProcess(*testing.T) {
	if program := mainPrograms[os.Getenv("ASYNCIO_TEST_MAIN")]; program != nil {
		program()
		os.Exit(0)
	}
}

// mainRun runs a program, with signals sent when it has said ready, and then asked.
func mainRun(t *testing.T, program string, signals ...os.Signal) (state *os.ProcessState, stdout, stderr string) {
	t.Helper()
	if len(signals) > 0 && signal.Ignored(os.Interrupt) {
		t.Skip("interrupts are ignored in this process, and so in those it starts")
	}
	c := exec.Command(os.Args[0], "-test.run=^TestMainProcess$")
	c.Env = append(os.Environ(), "ASYNCIO_TEST_MAIN="+program)
	var e bytes.Buffer
	c.Stderr = &e
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(testutil.Patience, func() { _ = c.Process.Kill() })
	defer late.Stop()
	for s := bufio.NewScanner(out); s.Scan(); {
		stdout += s.Text() + "\n"
		if (s.Text() == "ready" || strings.HasPrefix(s.Text(), "asked")) && len(signals) > 0 {
			if err := c.Process.Signal(signals[0]); err != nil {
				t.Error(err)
			}
			signals = signals[1:]
		}
	}
	_ = c.Wait()
	for line := range strings.Lines(e.String()) {
		if !strings.Contains(line, "WARN asyncio: does without a shortcut") {
			stderr += line
		}
	}
	return c.ProcessState, stdout, stderr
}

func TestMainEnds(t *testing.T) {
	interrupt, term := os.Interrupt, os.Signal(syscall.SIGTERM)
	for name, c := range map[string]struct {
		program string
		signals []os.Signal
		status  int
		stdout  string
		stderr  []string // in this order
	}{
		"quietly by Ctrl-C": {"ends in time", []os.Signal{interrupt}, 130, "ready\n",
			[]string{"asyncio: ended by interrupt\n"}},
		"quietly by SIGTERM": {"ends in time", []os.Signal{term}, 143, "ready\n",
			[]string{"asyncio: ended by terminated\n"}},
		"at once while it waits in ToThread": {"waits in ToThread", []os.Signal{interrupt}, 130, "ready\ntrue true\ncleaned up\n",
			[]string{"ended by interrupt\n", "not all ended within the grace of 1ms", "left to itself", "bufio.(*Reader).ReadString at asyncio_test.typed", "main_test.go:"}},
		"not by a signal that it refuses": {"refuses", []os.Signal{interrupt}, 0, "ready\ntrue\nwent on\n", nil},
		"when the grace is over, if it does not listen": {"does not listen", []os.Signal{term}, 1, "ready\nunwound\n",
			[]string{"not all ended within the grace of 1ms: Task-1 (loop task sleeps", "main_test.go:"}},
		"at once by a second signal": {"has a deaf Go task", []os.Signal{interrupt, interrupt}, 130, "ready\nasked\n",
			[]string{"interrupt again", "still there: 1", "stdin (Go task at work in bufio.(*Reader).ReadString at asyncio_test.typed ", "main_test.go:"}},
		"at once by a second signal of another kind": {"has a deaf Go task", []os.Signal{interrupt, term}, 143, "ready\nasked\n",
			[]string{"terminated again", "stdin"}},
		"by a second signal when the loop is stuck": {"is stuck", []os.Signal{interrupt, interrupt}, 130, "ready\nasked\n",
			[]string{"interrupt again", "the loop is stuck: blocks at ", "main_test.go:"}},
		"with its error": {"fails", nil, 1, "", []string{"load: test error\n"}},
		"with a line for each error of a group": {"fails in a group", nil, 1, "",
			[]string{"work:\n", "task group: 2 failed\n", "\t\t", "one\n", "panic: two\n", "main_test.go:"}},
		"with a line for each error, however they are put together": {"fails in many ways", nil, 1, "", []string{
			"both one and two: ", "\ttwo:\n", "\t\ttask group: 1 failed\n", "\t\t\ttest error\n",
			"plain: inside: test error\n", "an error of type asyncio_test.errorOf, whose methods panic\n",
		}},
		"with its text, if that wraps itself": {"fails with what wraps itself", nil, 1, "", []string{"swallows\n"}},
		"with some of it, if it has no end":   {"fails with what joins itself", nil, 1, "", []string{"grows\n", "task group: 2 failed\n", "and more\n"}},
		"by what is no signal of the system": {"is cancelled by no signal of the system", nil, 1, "",
			[]string{"asyncio: ended by whistle\n"}},
		"with the stack of a panic":   {"panics", nil, 1, "", []string{"panic: test error\n", "asyncio_test.explode"}},
		"by Goexit":                   {"exits", nil, 1, "", []string{"asyncio: Main: runtime.Goexit was called\n"}},
		"with another's cancellation": {"is cancelled by itself", nil, 1, "", []string{"asyncio: cancelled: by hand\n"}},
		"with nil and goes on":        {"returns nil", nil, 0, "deferred\n", nil},
		"by a late panic that is to crash": {"a late panic crashes", nil, 2, "",
			[]string{"panic: ", "test error", "asyncio_test.explode"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, stdout, stderr := mainRun(t, c.program, c.signals...)
			if state.ExitCode() != c.status || stdout != c.stdout {
				t.Errorf("%v, want status %d; printed %q, want %q", state, c.status, stdout, c.stdout)
			}
			rest := stderr
			for _, want := range c.stderr {
				var found bool
				if _, rest, found = strings.Cut(rest, want); !found {
					t.Errorf("standard error without %q:\n%s", want, stderr)
				}
			}
			if c.stderr == nil && stderr != "" || len(c.stderr) == 1 && strings.HasSuffix(c.stderr[0], "\n") && stderr != c.stderr[0] {
				t.Errorf("standard error:\n%s", stderr)
			}
		})
	}
}

func TestMainSignalsAreRestored(t *testing.T) {
	state, stdout, _ := mainRun(t, "signals are restored", os.Interrupt, syscall.SIGTERM)
	if stdout != "ready\nasked true true\n" || state.String() != "signal: terminated" {
		t.Errorf("%v, printed %q", state, stdout)
	}
	before := runtime.NumGoroutine()
	for range 2 {
		if _, err := asyncio.Run(context.Background(), testutil.Noop, asyncio.WithSignals(os.Interrupt)); err != nil {
			t.Error(err)
		}
	}
	// That of os/signal stays.
	testutil.Until(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before+1 })
}
