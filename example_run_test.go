package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
)

func ExampleMain() {
	asyncio.Main(func(ctx context.Context) error { // Ctrl-C cancels it
		s, err := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "a page")).Await(ctx)
		fmt.Println(s)
		return err
	})
	// Output: a page
}

func ExampleRun() {
	sum, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		one := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, 1))
		two := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, 2))
		a, err := one.Await(ctx)
		if err != nil {
			return 0, err
		}
		b, err := two.Await(ctx)
		return a + b, err
	})
	fmt.Println(sum, err)
	// Output: 3 <nil>
}

func ExampleOption() {
	server := []asyncio.Option{ // what all runs of a program have in common
		asyncio.WithGrace(time.Second),
		asyncio.WithMaxThreads(16),
	}
	v, err := asyncio.Run(context.Background(), asyncio.Delay(time.Millisecond, "served"), server...)
	fmt.Println(v, err)
	// Output: served <nil>
}

func ExampleRunOn() {
	r := asyncio.NewRunner()
	defer r.Close()
	var task *asyncio.Task[string]
	err := r.Run(context.Background(), func(ctx context.Context) error {
		task = asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "made in the first run"))
		return nil
	})
	fmt.Println(err)
	s, err := asyncio.RunOn(r, context.Background(), func(ctx context.Context) (string, error) {
		return task.Await(ctx)
	})
	fmt.Println(s, err)
	// Output:
	// <nil>
	// made in the first run <nil>
}

func ExampleRunner() {
	r := asyncio.NewRunner(asyncio.WithGrace(time.Second))
	err := r.Run(context.Background(), func(ctx context.Context) error {
		r.Loop().CreateTask(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			fmt.Println("left over:", err)
			return err
		})
		return asyncio.Sleep(ctx, 0)
	})
	fmt.Println(err)
	fmt.Println(r.Close()) // cancels what is left, and awaits it
	// Output:
	// <nil>
	// left over: asyncio: cancelled by loop shutdown
	// <nil>
}

func ExampleRunner_Loop() {
	r := asyncio.NewRunner()
	loop := r.Loop()
	loop.CallSoon(func() { fmt.Println("at the first run", loop.IsRunning()) })
	_, err := asyncio.RunOn(r, context.Background(), asyncio.Delay(0, 0))
	fmt.Println(err, loop.IsRunning(), loop.IsClosed())
	fmt.Println(r.Close(), loop.IsClosed())
	// Output:
	// at the first run true
	// <nil> false false
	// <nil> true
}

func ExampleWithGrace() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			defer fmt.Println("unwound")
			for {
				_ = asyncio.Sleep(ctx, time.Hour) // refuses every cancellation
			}
		}), asyncio.WithName("stubborn"))
		return asyncio.Sleep(ctx, 0)
	}), asyncio.WithGrace(time.Millisecond),
		asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			fmt.Println(c.Message, "-", c.Task.Name())
		}))
	// Output:
	// task was destroyed but it is pending: it was cancelled, and went on - stubborn
	// unwound
}

func ExamplePanicsCrash() {
	// A panic in a task ends the process, as one on a goroutine does.
	asyncio.Main(func(ctx context.Context) error {
		return asyncio.Sleep(ctx, time.Hour)
	}, asyncio.PanicsCrash())
}

func ExampleSignalError() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		me, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = me.Signal(os.Interrupt) // somebody presses Ctrl-C
		}
		return errors.Join(err, asyncio.Sleep(ctx, time.Hour))
	}), asyncio.WithSignals())
	var s *asyncio.SignalError
	if errors.As(err, &s) {
		fmt.Println("ended by", s.Signal)
	}
	// Output: ended by interrupt
}

func ExampleWithVirtualClock() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		before := asyncio.RunningLoop(ctx).Time()
		err := asyncio.Sleep(ctx, 365*24*time.Hour)
		fmt.Println(asyncio.RunningLoop(ctx).Time().Sub(before), err)
		return nil
	}), asyncio.WithVirtualClock())
	// Output: 8760h0m0s <nil>
}

func ExampleNewLoop() {
	loop := asyncio.NewLoop()
	defer loop.Close()
	loop.CallLater(time.Millisecond, func() {
		fmt.Println("later")
		loop.Stop()
	})
	loop.CallSoon(func() { fmt.Println("soon") })
	loop.CallSoon(func() { fmt.Println("never") }).Cancel()
	fmt.Println(loop.RunForever())
	// Output:
	// soon
	// later
	// <nil>
}

func ExampleLoop_RunUntilComplete() {
	loop := asyncio.NewLoop()
	defer loop.Close()
	task := asyncio.CreateTask(loop.Context(), asyncio.Delay(time.Millisecond, 42))
	fmt.Println(loop.RunUntilComplete(task))
	fmt.Println(task.Result())
	// Output:
	// <nil>
	// 42 <nil>
}

func ExampleLoop_Go() {
	loop := asyncio.NewLoop()
	defer loop.Close()
	word := make(chan string, 1)
	reads := loop.Go(func(context.Context) error { // on a goroutine of its own: it may block
		fmt.Println(<-word)
		return nil
	})
	loop.CreateTask(func(context.Context) error { // on the loop
		word <- "hello"
		return nil
	})
	fmt.Println(loop.RunUntilComplete(reads))
	// Output:
	// hello
	// <nil>
}

func ExampleHandle_When() {
	loop := asyncio.NewLoop()
	defer loop.Close()
	tick := time.Millisecond
	next, ticks := loop.Time(), 0
	var each func()
	each = func() { // at regular moments, however long it takes
		if ticks++; ticks == 3 {
			loop.Stop()
			return
		}
		next = next.Add(tick)
		loop.CallAt(next, each)
	}
	first := loop.CallAt(next, each)
	fmt.Println(first.When().Equal(next))
	fmt.Println(loop.RunForever(), ticks)
	// Output:
	// true
	// <nil> 3
}

func ExampleHandle_Cancel() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		h := asyncio.RunningLoop(ctx).CallLater(time.Hour, func() { fmt.Println("never") })
		fmt.Println(h.Cancel(), h.Cancel(), h.Cancelled())
		return nil
	}))
	// Output: true false true
}

func ExampleLoop_Stuck() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		checked := make(chan struct{})
		loop := asyncio.RunningLoop(ctx)
		go func() { // a health check
			defer close(checked)
			var e *asyncio.StuckError
			if errors.As(loop.Stuck(), &e) {
				fmt.Println(e.Task.Name(), "holds up the loop")
			}
		}()
		<-checked // no await: nothing else runs on the loop
		return nil
	}))
	// Output: Task-1 holds up the loop
}

func ExampleExceptionContext() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		loop.SetExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			var p *asyncio.PanicError
			fmt.Println(errors.As(c.Err, &p), p.Value)
		})
		loop.CallSoon(func() { panic("in a callback") })
		return asyncio.Sleep(ctx, time.Millisecond)
	}))
	// Output: true in a callback
}

func ExampleLoop_CallExceptionHandler() {
	loop := asyncio.NewLoop(asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
		fmt.Println(c.Message, "-", c.Err)
	}))
	defer loop.Close()
	loop.CallExceptionHandler(asyncio.ExceptionContext{
		Message: "nobody else will hear of it",
		Err:     errors.New("the cache is cold"),
	})
	// Output: nobody else will hear of it - the cache is cold
}

func ExampleWithUnheardAfter() {
	heard := make(chan struct{})
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		kept := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
			return errors.New("no route to host")
		}), asyncio.WithName("ping"))
		for { // the task is kept and nobody asks
			select {
			case <-heard:
				fmt.Println(kept.Err())
				return nil
			default:
			}
			if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
				return err
			}
		}
	}), asyncio.WithUnheardAfter(10*time.Millisecond),
		asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			fmt.Println(c.Task.Name(), c.Err)
			close(heard)
		}))
	// Output:
	// ping no route to host
	// no route to host
}

func ExampleWithDebug() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Delay(0, 0))
		made := task.Created()[0] // the innermost frame
		fmt.Println("made in", made.Function[strings.LastIndexByte(made.Function, '/')+1:])
		_, err := task.Await(ctx)
		return err
	}), asyncio.WithDebug())
	fmt.Println(err)
	// Output:
	// made in asyncio_test.ExampleWithDebug.func1
	// <nil>
}

func ExampleLoop_SetDebug() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		loop.SetDebug(true)
		loop.SetSlowCallbackDuration(time.Second) // what takes longer is logged
		fmt.Println(loop.Debug())
		return nil
	}))
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleHandle_Created() {
	loop := asyncio.NewLoop(asyncio.WithDebug())
	defer loop.Close()
	h := loop.CallSoon(func() {})
	set := h.Created()[0] // the innermost frame
	fmt.Println("set in", set.Function[strings.LastIndexByte(set.Function, '/')+1:])
	// Output: set in asyncio_test.ExampleHandle_Created
}

func ExampleWithWatchdog() {
	warnings := make(chan string, 1)
	defer slogTo(warnings)() // what goes to slog.Default

	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CurrentTask(ctx).SetName("careless")
		fmt.Println(<-warnings) // a channel receive blocks the loop: the mistake
		return nil
	}), asyncio.WithWatchdog(20*time.Millisecond))
	fmt.Println(err)
	// Output:
	// level=WARN msg="asyncio: the loop is held up; what blocks belongs in Go or ToThread" task=careless
	// <nil>
}

func slogTo(lines chan<- string) (restore func()) {
	old, writer, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(lineChan(lines), &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.LevelKey, slog.MessageKey, "task":
				return a
			}
			return slog.Attr{}
		},
	})))
	return func() {
		slog.SetDefault(old)
		log.SetOutput(writer)
		log.SetFlags(flags)
	}
}

type lineChan chan<- string

func (w lineChan) Write(line []byte) (int, error) {
	select {
	case w <- strings.TrimSuffix(string(line), "\n"):
	default:
	}
	return len(line), nil
}
