package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/asyncio-go/asyncio"
)

func ExampleLock() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var lock asyncio.Lock // ready to use
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for _, name := range []string{"first", "second"} {
				tg.CreateTask(func(ctx context.Context) error {
					return lock.With(ctx, func() error { // async with lock
						fmt.Println(name, "begins")
						err := asyncio.Sleep(ctx, time.Millisecond) // held across the await
						fmt.Println(name, "ends")
						return err
					})
				})
			}
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// first begins
	// first ends
	// second begins
	// second ends
	// <nil>
}

func ExampleLock_Acquire() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var lock asyncio.Lock
		if err := lock.Acquire(ctx); err != nil {
			return err
		}
		fmt.Println("held:", lock.Locked())
		return lock.Release()
	}))
	fmt.Println(err)
	// Output:
	// held: true
	// <nil>
}

func ExampleLock_goroutines() {
	var lock asyncio.Lock
	count := 0
	add := func(ctx context.Context) error {
		for range 100 {
			if err := lock.With(ctx, func() error { count++; return nil }); err != nil {
				return err
			}
		}
		return nil
	}
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		result := make(chan error, 1)
		go func() { result <- add(context.Background()) }() // any ctx will do: it blocks here
		if err := add(ctx); err != nil {                    // and suspends the task here
			return err
		}
		_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error { return <-result }))
		return err
	}))
	fmt.Println(count, err)
	// Output: 200 <nil>
}

func ExampleLock_TryAcquire() {
	var lock asyncio.Lock
	fmt.Println(lock.TryAcquire(), lock.TryAcquire())
	fmt.Println(lock.Release(), "/", errors.Is(lock.Release(), asyncio.ErrNotAcquired))
	// Output:
	// true false
	// <nil> / true
}

func ExampleEvent() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var ready asyncio.Event // unset
		waiter := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			if err := ready.Wait(ctx); err != nil {
				return err
			}
			fmt.Println("go")
			return nil
		}))
		_ = asyncio.Sleep(ctx, 0) // let it start
		fmt.Println("ready")
		ready.Set() // may be called from any goroutine
		_, err := waiter.Await(ctx)
		return err
	}))
	fmt.Println(err)
	// Output:
	// ready
	// go
	// <nil>
}

func ExampleEvent_Clear() {
	var ready asyncio.Event
	ready.Set()
	fmt.Println(ready.IsSet())
	ready.Clear() // who comes now waits again
	fmt.Println(ready.IsSet())
	// Output:
	// true
	// false
}

func ExampleCondition() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		changed := asyncio.NewCondition(nil) // with a lock of its own
		var stock []string
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error {
				return changed.With(ctx, func() error {
					if err := changed.WaitFor(ctx, func() bool { return len(stock) > 1 }); err != nil {
						return err
					}
					fmt.Println("taking", stock)
					return nil
				})
			})
			tg.CreateTask(func(ctx context.Context) error {
				for _, item := range []string{"bread", "milk"} {
					err := changed.With(ctx, func() error {
						stock = append(stock, item)
						return changed.NotifyAll()
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// taking [bread milk]
	// <nil>
}

func ExampleCondition_Wait() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		changed := asyncio.NewCondition(nil)
		news := ""
		reader := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return changed.With(ctx, func() error {
				for news == "" { // another may have been first; WaitFor is this loop
					if err := changed.Wait(ctx); err != nil { // lets go of the lock meanwhile
						return err
					}
				}
				fmt.Println(news, changed.Locked())
				return nil
			})
		}))
		_ = asyncio.Sleep(ctx, 0) // let it start
		err := changed.With(ctx, func() error {
			news = "it rains"
			return changed.Notify(1)
		})
		if err != nil {
			return err
		}
		_, err = reader.Await(ctx)
		return err
	}))
	fmt.Println(err)
	// Output:
	// it rains true
	// <nil>
}

func ExampleSemaphore() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		places := asyncio.NewSemaphore(2)
		inside, most := 0, 0
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for range 6 {
				tg.CreateTask(func(ctx context.Context) error {
					return places.With(ctx, func() error {
						inside++
						defer func() { inside-- }()
						most = max(most, inside)
						return asyncio.Sleep(ctx, time.Millisecond)
					})
				})
			}
			return nil
		})
		fmt.Println("at most", most, "inside")
		return err
	}))
	fmt.Println(err)
	// Output:
	// at most 2 inside
	// <nil>
}

func ExampleSemaphore_Acquire() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		places := asyncio.NewSemaphore(2)
		if err := places.Acquire(ctx); err != nil {
			return err
		}
		fmt.Println(places.Locked(), places.TryAcquire(), places.Locked())
		return errors.Join(places.Release(), places.Release())
	}))
	fmt.Println(err)
	// Output:
	// false true true
	// <nil>
}

func ExampleBoundedSemaphore() {
	places := asyncio.NewBoundedSemaphore(1)
	fmt.Println(places.TryAcquire(), places.Release())
	err := places.Release() // once too often
	fmt.Println(errors.Is(err, asyncio.ErrNotAcquired))
	// Output:
	// true <nil>
	// true
}

func ExampleBoundedSemaphore_With() {
	places := asyncio.NewBoundedSemaphore(3)
	err := places.With(context.Background(), func() error { // also where there is no loop
		fmt.Println(places)
		return nil
	})
	fmt.Println(places, err)
	// Output:
	// <BoundedSemaphore [unlocked, value:2]>
	// <BoundedSemaphore [unlocked, value:3]> <nil>
}

func ExampleBarrier() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		barrier := asyncio.NewBarrier(3)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for i := range 3 {
				tg.CreateTask(func(ctx context.Context) error {
					fmt.Println("player", i, "is here")
					number, err := barrier.Wait(ctx)
					if number == 0 && err == nil { // one of them, for what is to be done once
						fmt.Println("all are here")
					}
					return err
				})
			}
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// player 0 is here
	// player 1 is here
	// player 2 is here
	// all are here
	// <nil>
}

func ExampleBarrier_With() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		barrier := asyncio.NewBarrier(2)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for range barrier.Parties() {
				tg.CreateTask(func(ctx context.Context) error {
					return barrier.With(ctx, func(number int) error { // async with barrier as number
						fmt.Println("share", number, "of the work")
						return nil
					})
				})
			}
			return nil
		})
	}))
	fmt.Println(err)
	// Unordered output:
	// share 0 of the work
	// share 1 of the work
	// <nil>
}

func ExampleBarrier_Abort() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		barrier := asyncio.NewBarrier(2)
		early := asyncio.CreateTask(ctx, barrier.Wait)
		_ = asyncio.Sleep(ctx, 0) // let it start
		fmt.Println(barrier.Waiting(), "waits")
		barrier.Abort() // the other will not come
		_, err := early.Await(ctx)
		fmt.Println(errors.Is(err, asyncio.ErrBrokenBarrier), barrier.Broken())
		barrier.Reset() // for a new round
		fmt.Println(barrier.Broken())
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 1 waits
	// true true
	// false
	// <nil>
}

func ExampleQueue() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		queue := asyncio.NewQueue[string](1) // room for one
		producer := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for _, s := range []string{"a", "b", "c"} {
				if err := queue.Put(ctx, s); err != nil { // waits for room
					return err
				}
			}
			return nil
		}))
		for range 3 {
			s, err := queue.Get(ctx)
			if err != nil {
				return err
			}
			fmt.Println(s)
		}
		_, err := producer.Await(ctx)
		return err
	}))
	fmt.Println(err)
	// Output:
	// a
	// b
	// c
	// <nil>
}

func ExampleQueue_All() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		queue := asyncio.NewQueue[int](0)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error {
				for n, err := range queue.All(ctx) {
					if err != nil {
						return err // cancelled; a shutdown just ends the loop
					}
					fmt.Println("got", n)
				}
				fmt.Println("no more")
				return nil
			})
			for n := range 3 {
				if err := queue.Put(tg, n); err != nil {
					return err
				}
			}
			queue.Shutdown() // what is in it can still be had
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// got 0
	// got 1
	// got 2
	// no more
	// <nil>
}

func ExampleQueue_Join() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		queue := asyncio.NewQueue[int](0)
		sum := 0
		for range 2 { // workers, which the end of Run cancels
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for n, err := range queue.All(ctx) {
					if err != nil {
						return err
					}
					sum += n
					if err := queue.TaskDone(); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		for n := range 5 {
			if err := queue.Put(ctx, n); err != nil {
				return err
			}
		}
		err := queue.Join(ctx) // until all have been dealt with
		fmt.Println(sum)
		return err
	}))
	fmt.Println(err)
	// Output:
	// 10
	// <nil>
}

func ExampleQueue_Shutdown() {
	queue := asyncio.NewQueue[string](0)
	if err := queue.PutNoWait("the last one"); err != nil {
		log.Fatal(err)
	}
	queue.Shutdown()
	err := queue.PutNoWait("too late")
	fmt.Println(errors.Is(err, asyncio.ErrQueueShutDown))
	fmt.Println(queue.GetNoWait())
	_, err = queue.GetNoWait()
	fmt.Println(errors.Is(err, asyncio.ErrQueueShutDown))
	// Output:
	// true
	// the last one <nil>
	// true
}

func ExampleQueue_Len() {
	queue := asyncio.NewQueue[string](2)
	fmt.Println(queue.Empty(), queue.Full(), queue.Len(), "of", queue.MaxSize())
	fmt.Println(queue.PutNoWait("a"), queue.PutNoWait("b"))
	fmt.Println(queue.Empty(), queue.Full(), queue.Len(), "of", queue.MaxSize())
	// Output:
	// true false 0 of 2
	// <nil> <nil>
	// false true 2 of 2
}

func ExamplePriorityQueue() {
	type job struct {
		priority int
		name     string
	}
	queue := asyncio.NewPriorityQueue(0, func(a, b job) bool { return a.priority < b.priority })
	for _, j := range []job{{2, "sweep"}, {1, "cook"}, {2, "mop"}, {0, "put out the fire"}} {
		if err := queue.PutNoWait(j); err != nil {
			log.Fatal(err)
		}
	}
	for !queue.Empty() {
		j, err := queue.GetNoWait()
		fmt.Println(j.name, err)
	}
	// Output:
	// put out the fire <nil>
	// cook <nil>
	// sweep <nil>
	// mop <nil>
}

func ExampleLifoQueue() {
	stack := asyncio.NewLifoQueue[string](2)
	fmt.Println(stack.PutNoWait("bottom"), stack.PutNoWait("top"))
	fmt.Println(errors.Is(stack.PutNoWait("more"), asyncio.ErrQueueFull))
	fmt.Println(stack.GetNoWait())
	// Output:
	// <nil> <nil>
	// true
	// top <nil>
}

func ExampleSemaphore_AcquireN() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		memory := asyncio.NewBoundedSemaphore(8) // gigabytes
		job := func(ctx context.Context, name string, needs int) error {
			if err := memory.AcquireN(ctx, needs); err != nil {
				return err
			}
			defer memory.ReleaseN(needs)
			fmt.Println(name, "has", needs)
			return asyncio.Sleep(ctx, time.Millisecond)
		}
		fmt.Println(memory.TryAcquireN(9), memory.Free())
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error { return job(ctx, "small", 2) })
			tg.CreateTask(func(ctx context.Context) error { return job(ctx, "large", 7) }) // waits for all but one
			tg.CreateTask(func(ctx context.Context) error { return job(ctx, "tiny", 1) })  // and is not passed
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// false 8
	// small has 2
	// large has 7
	// tiny has 1
	// <nil>
}

func ExampleRWLock() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var lock asyncio.RWLock
		config := "old"
		read := func(ctx context.Context) error {
			return lock.WithRead(ctx, func() error {
				seen := config
				err := asyncio.Sleep(ctx, time.Millisecond) // others may read meanwhile, and nobody writes
				fmt.Println(seen, seen == config)
				return err
			})
		}
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(read)
			tg.CreateTask(read)
			tg.CreateTask(func(ctx context.Context) error {
				return lock.With(ctx, func() error { config = "new"; return nil })
			})
			tg.CreateTask(read)
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// old true
	// old true
	// new true
	// <nil>
}

func ExampleRWLock_TryAcquireRead() {
	ctx := context.Background() // a goroutine may use it too
	var lock asyncio.RWLock
	if err := lock.Acquire(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(lock.TryAcquireRead(), lock.TryAcquire(), lock.Locked())
	fmt.Println(lock.Release())
	fmt.Println(lock.AcquireRead(ctx), lock.TryAcquireRead())
	fmt.Println(lock.ReleaseRead(), lock.ReleaseRead(), lock.Locked())
	// Output:
	// false false true
	// <nil>
	// <nil> true
	// <nil> <nil> false
}
