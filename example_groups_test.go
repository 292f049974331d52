package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/asyncio-go/asyncio"
)

func ExampleWithTaskGroup() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var a, b *asyncio.Task[int]
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			a = asyncio.CreateTask(tg, asyncio.Delay(time.Millisecond, 1))
			b = asyncio.Go(tg, func(context.Context) (int, error) { return 2, nil }) // a goroutine
			return nil
		})
		if err != nil {
			return err
		}
		x, _ := a.Result() // all are done, and none has failed
		y, _ := b.Result()
		fmt.Println(x + y)
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 3
	// <nil>
}

func ExampleWithTaskGroup_failure() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Hour)
				fmt.Println("the other task:", err)
				return err
			})
			tg.CreateTask(func(context.Context) error {
				return errors.New("disk full")
			})
			err := asyncio.Sleep(tg, time.Hour)
			fmt.Println("the body:", err)
			return err
		})
	}))
	var group *asyncio.GroupError
	fmt.Println("the group:", errors.As(err, &group), group.Errs)
	// Output:
	// the other task: asyncio: cancelled by task group: disk full
	// the body: asyncio: cancelled by task group: disk full
	// the group: true [disk full]
}

func ExampleGroupError() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(context.Context) error {
				return fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)
			})
			if err := asyncio.Sleep(tg, time.Hour); err != nil {
				return errors.New("closing failed too")
			}
			return nil
		})
	}))
	var group *asyncio.GroupError
	if errors.As(err, &group) { // except*
		for _, e := range group.Errs {
			fmt.Println(e)
		}
	}
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF))
	// Output:
	// reading: unexpected EOF
	// closing failed too
	// true
}

func ExampleTaskError() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for _, file := range []string{"a.txt", "b.txt"} {
				tg.CreateTask(func(context.Context) error {
					if file == "b.txt" {
						return io.ErrUnexpectedEOF
					}
					return nil
				}, asyncio.WithName("reading "+file))
			}
			return nil
		})
	}))
	var failed *asyncio.TaskError
	if errors.As(err, &failed) {
		fmt.Println(failed.Name, "/", failed.Err, "/", failed.Coro.Line > 0)
	}
	// Output: reading b.txt / unexpected EOF / true
}

func ExampleTaskGroup_Go() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			lines := asyncio.NewQueue[string](1)
			tg.Go(func(ctx context.Context) error { // it may block
				defer lines.Shutdown()
				for _, line := range []string{"one", "two"} {
					if err := lines.Put(ctx, line); err != nil {
						return err
					}
				}
				return nil
			})
			tg.CreateTask(func(ctx context.Context) error {
				for line, err := range lines.All(ctx) {
					if err != nil {
						return err
					}
					fmt.Println(line)
				}
				return nil
			}, asyncio.WithName("printer"))
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// one
	// two
	// <nil>
}

func ExampleTaskGroup_Cancel() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for i := range 3 {
				tg.CreateTask(func(ctx context.Context) error {
					if err := asyncio.Sleep(ctx, time.Duration(i)*time.Hour); err != nil {
						return err
					}
					fmt.Println("task", i, "has found it")
					tg.Cancel() // enough: ends the others, and is no error
					return nil
				})
			}
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// task 0 has found it
	// <nil>
}

func ExampleTaskGroup_Supervise() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		session := func(n int) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				if err := asyncio.Sleep(ctx, time.Duration(n)*time.Millisecond); err != nil {
					return err
				}
				if n == 1 {
					return errors.New("connection reset")
				}
				fmt.Println("session", n, "is over")
				return nil
			}
		}
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.Supervise(func(t asyncio.AnyTask, err error) { fmt.Println(t.Name()+":", err) })
			for n := range 3 {
				tg.CreateTask(session(n), asyncio.WithName(fmt.Sprint("session ", n)))
			}
			return nil
		})
	}), asyncio.WithVirtualClock())
	fmt.Println(err)
	// Output:
	// session 0 is over
	// session 1: connection reset
	// session 2 is over
	// <nil>
}

func ExampleStart() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		serve := func(ctx context.Context, started func(string)) error {
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil { // binds, loads, warms up
				return err
			}
			started("127.0.0.1:8080")
			return asyncio.Sleep(ctx, time.Hour)
		}
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			addr, err := asyncio.Start(ctx, tg, serve)
			if err != nil {
				return err // it never came up
			}
			fmt.Println("listening on", addr)
			tg.Cancel("that was all")
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// listening on 127.0.0.1:8080
	// <nil>
}

func ExampleTaskGroup_SetLimit() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		working, most := 0, 0
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.SetLimit(2)
			for range 6 {
				// Waits until there is room.
				tg.CreateTask(func(ctx context.Context) error {
					working++
					defer func() { working-- }()
					most = max(most, working)
					return asyncio.Sleep(ctx, time.Millisecond)
				})
			}
			return nil
		})
		fmt.Println("at most", most, "at a time")
		return err
	}))
	fmt.Println(err)
	// Output:
	// at most 2 at a time
	// <nil>
}

func ExampleTaskGroup_Shutdown() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error {
				if err := asyncio.Stopping(ctx).Wait(ctx); err != nil {
					return err
				}
				fmt.Println("asked to stop: finishing what was begun")
				return nil
			})
			tg.Shutdown(time.Minute) // ask; who is still there after a minute is cancelled
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// asked to stop: finishing what was begun
	// <nil>
}

func ExampleStopping() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error {
				rounds := 0
				for stop := asyncio.Stopping(ctx); !stop.IsSet(); rounds++ {
					if err := asyncio.Sleep(ctx, 0); err != nil { // one round of work
						return err
					}
					if rounds == 2 {
						tg.Shutdown(time.Minute) // commonly from elsewhere
					}
				}
				fmt.Println("stopped after round", rounds)
				return nil
			})
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// stopped after round 3
	// <nil>
}

func ExampleWithDrain() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			if err := asyncio.Stopping(ctx).Wait(ctx); err != nil {
				return err // cancelled after all
			}
			fmt.Println("writing the last lines")
			return asyncio.Sleep(ctx, time.Millisecond)
		}))
		return asyncio.Sleep(ctx, 0)
	}), asyncio.WithDrain(time.Minute)) // at the end of Run; without it tasks are cancelled at once
	fmt.Println(err)
	// Output:
	// writing the last lines
	// <nil>
}

func ExampleTimeout() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context) error {
			if err := asyncio.Sleep(ctx, time.Hour); err != nil {
				fmt.Println("in the body:", err)
				return err // as it is, or wrapped
			}
			return nil
		})
	}))
	fmt.Println(err)
	fmt.Println(errors.Is(err, asyncio.ErrTimeout), errors.Is(err, asyncio.ErrCancelled))
	// Output:
	// in the body: asyncio: cancelled by timeout
	// asyncio: timeout
	// true false
}

func ExampleTimeoutAt() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		// One deadline for several steps, on the loop's clock.
		deadline := asyncio.RunningLoop(ctx).Time().Add(20 * time.Millisecond)
		for _, step := range []time.Duration{0, time.Hour} {
			err := asyncio.TimeoutAt(ctx, deadline, func(ctx context.Context) error {
				return asyncio.Sleep(ctx, step)
			})
			fmt.Println(step, err)
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 0s <nil>
	// 1h0m0s asyncio: timeout
	// <nil>
}

func ExampleExcept() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		err := asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error { // is not over
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.CreateTask(func(ctx context.Context) error { // this one's time is
					return asyncio.Timeout(ctx, time.Minute, func(ctx context.Context) error {
						return asyncio.Sleep(ctx, time.Hour)
					})
				})
				return nil
			})
		})
		fmt.Println("some timeout:", errors.Is(err, asyncio.ErrTimeout))
		fmt.Println("the hour:", asyncio.Except(err, asyncio.ErrTimeout))
		return nil
	}), asyncio.WithVirtualClock())
	fmt.Println(err)
	// Output:
	// some timeout: true
	// the hour: false
	// <nil>
}

func ExampleNewTimeout() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		tm := asyncio.NewTimeout(time.Millisecond)
		fmt.Println(tm)
		err := tm.Do(ctx, func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) })
		fmt.Println(tm, tm.Expired(), err)
		return tm.Do(ctx, func(context.Context) error { return nil }) // a new one for each
	}))
	fmt.Println(err)
	// Output:
	// <Timeout [created]>
	// <Timeout [expired]> true asyncio: timeout
	// asyncio: Do of a timeout that has already been entered: make one with NewTimeout for each call
}

func ExampleNewTimeoutAt() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		tm := asyncio.NewTimeoutAt(time.Time{}) // none, until there is one
		return tm.Do(ctx, func(ctx context.Context) error {
			if err := tm.Reschedule(asyncio.RunningLoop(ctx).Time()); err != nil {
				return err
			}
			return asyncio.Sleep(ctx, time.Hour)
		})
	}))
	fmt.Println(err)
	// Output:
	// asyncio: timeout
}

func ExampleTimeoutScope_Reschedule() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		tm := asyncio.NewTimeout(time.Hour)
		return tm.Do(ctx, func(ctx context.Context) error {
			for range 3 { // each step gets a new deadline
				if err := tm.Reschedule(loop.Time().Add(time.Minute)); err != nil {
					return err
				}
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
			}
			if err := tm.Reschedule(time.Time{}); err != nil { // none from here on
				return err
			}
			fmt.Println("no deadline:", tm.When().IsZero(), "expired:", tm.Expired())
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// no deadline: true expired: false
	// <nil>
}

func ExampleWithShield() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		session := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			return errors.Join(err, asyncio.WithShield(ctx, 5*time.Second, func(ctx context.Context) error {
				fmt.Println("says goodbye:", ctx.Err())
				defer fmt.Println("is gone")
				return asyncio.Sleep(ctx, 2*time.Second)
			}))
		}))
		_ = asyncio.Sleep(ctx, time.Minute)
		session.Cancel("not needed any more")
		_ = asyncio.Sleep(ctx, time.Second)
		session.Cancel("hurry up") // which cannot come in between
		_, err := session.Await(ctx)
		return err
	}), asyncio.WithVirtualClock())
	fmt.Println(err)
	// Output:
	// says goodbye: <nil>
	// is gone
	// asyncio: cancelled: not needed any more
}
