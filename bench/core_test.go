package main

import (
	"context"
	"iter"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/asyncio-go/asyncio"
)

// onLoop runs a benchmark inside a task.
func onLoop(b *testing.B, f func(ctx context.Context)) {
	b.Helper()
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		f(ctx)
		return nil
	}))
	if err != nil {
		b.Fatal(err)
	}
}

func nothing(context.Context) (int, error) { return 0, nil }

// BenchmarkSpawnAwait: one task made and awaited; a goroutine and a WaitGroup.
func BenchmarkSpawnAwait(b *testing.B) {
	onLoop(b, func(ctx context.Context) {
		versus(b, func(n int) {
			for range n {
				_, _ = asyncio.CreateTask(ctx, nothing).Await(ctx)
			}
		}, func(n int) {
			for range n {
				var wg sync.WaitGroup
				wg.Add(1)
				go wg.Done()
				wg.Wait()
			}
		})
	})
}

// BenchmarkSpawn1000: a thousand tasks made, then all awaited; as goroutines.
// One operation is one task.
func BenchmarkSpawn1000(b *testing.B) {
	onLoop(b, func(ctx context.Context) {
		var tasks [1000]*asyncio.Task[int]
		versus(b, func(n int) {
			for range (n + 999) / 1000 {
				for i := range tasks {
					tasks[i] = asyncio.CreateTask(ctx, nothing)
				}
				for _, t := range tasks {
					_, _ = t.Await(ctx)
				}
			}
		}, func(n int) {
			for range (n + 999) / 1000 {
				var wg sync.WaitGroup
				wg.Add(1000)
				for range 1000 {
					go wg.Done()
				}
				wg.Wait()
			}
		})
	})
}

// BenchmarkSwitch: Sleep(ctx, 0) in each of so many tasks; a bare iter.Pull resume
// and suspend. A lone task finds itself next in line and is not switched at all.
func BenchmarkSwitch(b *testing.B) {
	for _, tasks := range []int{1, 2, 1000} {
		b.Run(strconv.Itoa(tasks), func(b *testing.B) {
			onLoop(b, func(ctx context.Context) {
				next, stop := iter.Pull(func(yield func(struct{}) bool) {
					for yield(struct{}{}) {
					}
				})
				defer stop()
				versus(b, func(n int) {
					all := make([]*asyncio.Task[asyncio.None], tasks)
					for i := range all {
						all[i] = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
							for range n / tasks {
								_ = asyncio.Sleep(ctx, 0)
							}
							return nil
						}))
					}
					for _, t := range all {
						_, _ = t.Await(ctx)
					}
				}, func(n int) {
					for range n {
						next()
					}
				})
			})
		})
	}
}

// BenchmarkGo1000: a thousand Go tasks made, then all awaited; an errgroup. One
// operation is one Go task.
func BenchmarkGo1000(b *testing.B) {
	onLoop(b, func(ctx context.Context) {
		var tasks [1000]*asyncio.Task[int]
		versus(b, func(n int) {
			for range (n + 999) / 1000 {
				for i := range tasks {
					tasks[i] = asyncio.Go(ctx, nothing)
				}
				for _, t := range tasks {
					_, _ = t.Await(ctx)
				}
			}
		}, func(n int) {
			for range (n + 999) / 1000 {
				var g errgroup.Group
				for range 1000 {
					g.Go(func() error { return nil })
				}
				_ = g.Wait()
			}
		})
	})
}

// BenchmarkSleepCancel: a task put to sleep, cancelled and awaited; a goroutine
// that waits for a timer or a context.
func BenchmarkSleepCancel(b *testing.B) {
	onLoop(b, func(ctx context.Context) {
		sleeper := asyncio.Delay(time.Hour, 0)
		versus(b, func(n int) {
			for range n {
				t := asyncio.CreateTask(ctx, sleeper)
				_ = asyncio.Sleep(ctx, 0)
				t.Cancel()
				_, _ = t.Await(ctx)
			}
		}, func(n int) {
			for range n {
				ctx, cancel := context.WithCancel(context.Background())
				var wg sync.WaitGroup
				wg.Add(1)
				go func() {
					defer wg.Done()
					t := time.NewTimer(time.Hour)
					defer t.Stop()
					select {
					case <-t.C:
					case <-ctx.Done():
					}
				}()
				cancel()
				wg.Wait()
			}
		})
	})
}

// BenchmarkPost: CallSoon from another goroutine; an unbuffered channel.
func BenchmarkPost(b *testing.B) {
	onLoop(b, func(ctx context.Context) {
		loop := asyncio.RunningLoop(ctx)
		versus(b, func(n int) {
			left := n
			all := asyncio.NewFuture[int](ctx)
			go func() {
				for range n {
					loop.CallSoon(func() {
						if left--; left == 0 {
							_ = all.SetResult(0)
						}
					})
				}
			}()
			_, _ = all.Await(ctx)
		}, func(n int) {
			c := make(chan func())
			go func() {
				for range n {
					c <- func() {}
				}
				close(c)
			}()
			for f := range c {
				f()
			}
		})
	})
}

// BenchmarkTimeout: a timeout entered and left; one of the standard library.
func BenchmarkTimeout(b *testing.B) {
	onLoop(b, func(ctx context.Context) {
		versus(b, func(n int) {
			for range n {
				_ = asyncio.Timeout(ctx, time.Hour, func(context.Context) error { return nil })
			}
		}, func(n int) {
			for range n {
				_, cancel := context.WithTimeout(context.Background(), time.Hour)
				cancel()
			}
		})
	})
}

// BenchmarkGroup: a group of ten tasks; an errgroup.
func BenchmarkGroup(b *testing.B) {
	onLoop(b, func(ctx context.Context) {
		versus(b, func(n int) {
			for range n {
				_ = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for range 10 {
						asyncio.CreateTask(tg, nothing)
					}
					return nil
				})
			}
		}, func(n int) {
			for range n {
				var g errgroup.Group
				for range 10 {
					g.Go(func() error { return nil })
				}
				_ = g.Wait()
			}
		})
	})
}

// BenchmarkGather: a thousand tasks made and gathered; as goroutines. One operation is
// one task.
func BenchmarkGather(b *testing.B) {
	onLoop(b, func(ctx context.Context) {
		tasks := make([]*asyncio.Task[int], 1000)
		results := make([]int, 1000)
		versus(b, func(n int) {
			for range (n + 999) / 1000 {
				for i := range tasks {
					tasks[i] = asyncio.CreateTask(ctx, nothing)
				}
				_, _ = asyncio.Gather(ctx, tasks...)
			}
		}, func(n int) {
			for range (n + 999) / 1000 {
				var wg sync.WaitGroup
				for i := range results {
					wg.Go(func() { results[i] = i })
				}
				wg.Wait()
			}
		})
	})
}

// rss returns the resident memory of the process.
func rss(b *testing.B) int {
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("resident memory is read from /proc: ", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(raw))[1])
	if err != nil {
		b.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// BenchmarkSuspended reports the resident bytes of a suspended task, and of a
// sleeping goroutine.
func BenchmarkSuspended(b *testing.B) {
	const many = 200_000
	for range b.N {
		before := rss(b)
		var release, asleep sync.WaitGroup
		release.Add(1)
		asleep.Add(many)
		for range many {
			go func() {
				asleep.Done()
				release.Wait()
			}()
		}
		asleep.Wait()
		b.ReportMetric(float64(rss(b)-before)/many, "goroutine-B")
		release.Done()
	}
	for runtime.NumGoroutine() > 10 {
		runtime.Gosched()
	}
	// The runtime keeps the goroutines' descriptors and will use them again, so
	// the tasks come first in a run of their own.
}

// BenchmarkSuspendedTask is its other half.
func BenchmarkSuspendedTask(b *testing.B) {
	const many = 200_000
	for range b.N {
		onLoop(b, func(ctx context.Context) {
			before := rss(b)
			tasks := make([]*asyncio.Task[int], many)
			for i := range tasks {
				tasks[i] = asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, i))
			}
			_ = asyncio.Sleep(ctx, time.Millisecond)
			b.ReportMetric(float64(rss(b)-before)/many, "task-B")
		})
	}
}

// BenchmarkMillion: a million sleeping tasks created, cancelled and awaited. One
// operation is all of them.
func BenchmarkMillion(b *testing.B) {
	const many = 1_000_000
	for range b.N {
		onLoop(b, func(ctx context.Context) {
			tasks := make([]*asyncio.Task[int], many)
			for i := range tasks {
				tasks[i] = asyncio.CreateTask(ctx, asyncio.Delay(time.Hour+time.Duration(i), i))
			}
			_ = asyncio.Sleep(ctx, 0)
			for _, t := range tasks {
				t.Cancel()
			}
			for _, t := range tasks {
				_, _ = t.Await(ctx)
			}
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/many, "ns/task")
}
