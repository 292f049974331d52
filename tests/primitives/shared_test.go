package primitives_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// What tasks of several loops, Go tasks and other goroutines share at the same
// time. Much of what these tests check the race detector checks for them.

// inParallel has so many of each kind call f at the same time; no two have the same
// number. What it returns waits for them.
func inParallel(t *testing.T, kinds []testutil.Asker, each int, f func(ctx context.Context, a testutil.Asker, who int) error) (gather func()) {
	var all []*testutil.Asking
	for i, a := range kinds {
		for j := range each {
			all = append(all, a.Ask(func(ctx context.Context) error { return f(ctx, a, i*each+j) }))
		}
	}
	return func() {
		t.Helper()
		for _, a := range all {
			if err := a.End(t); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestSharedCounter(t *testing.T) {
	const each, rounds = 3, 300
	for _, k := range testutil.LockKinds {
		if k.Places > 1 {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			testutil.NoLeaks(t)
			l := k.Make()
			n := 0
			inParallel(t, testutil.Askers(t), each, func(ctx context.Context, a testutil.Asker, who int) error {
				for i := range rounds {
					if err := l.With(ctx, func() error {
						was := n
						if (who+i)%10 == 0 {
							if err := a.Pause(ctx); err != nil {
								return err
							}
						}
						n = was + 1
						return nil
					}); err != nil {
						return err
					}
				}
				return nil
			})()
			if want := 4 * each * rounds; n != want {
				t.Errorf("%d, want %d", n, want)
			}
			testutil.ExpectFree(t, l, 1)
		})
	}
}

// A buffer with room for two, by hand: each notification is for one.
func TestSharedCondition(t *testing.T) {
	testutil.NoLeaks(t)
	const each, rounds = 4, 200
	var l asyncio.Lock
	filled, emptied := asyncio.NewCondition(&l), asyncio.NewCondition(&l)
	n, taken := 0, 0
	inParallel(t, testutil.Askers(t), each, func(ctx context.Context, _ testutil.Asker, who int) error {
		for range rounds {
			if err := l.With(ctx, func() error {
				if who%2 == 0 {
					if err := emptied.WaitFor(ctx, func() bool { return n < 2 }); err != nil {
						return err
					}
					n++
					return filled.Notify(1)
				}
				if err := filled.WaitFor(ctx, func() bool { return n > 0 }); err != nil {
					return err
				}
				n--
				taken++
				return emptied.Notify(1)
			}); err != nil {
				return err
			}
		}
		return nil
	})()
	if want := 4 * each * rounds / 2; n != 0 || taken != want {
		t.Errorf("%d taken, want %d; %d left", taken, want, n)
	}
}

func TestSharedEvent(t *testing.T) {
	testutil.NoLeaks(t)
	const each, rounds = 2, 20
	kinds := testutil.Askers(t)
	var e asyncio.Event
	news := 0 // what the event tells of
	for round := range rounds {
		told := inParallel(t, kinds, each, func(ctx context.Context, a testutil.Asker, _ int) error {
			for range 2 { // the second time it is set
				if err := e.Wait(ctx); err != nil {
					return err
				}
				if news != round {
					t.Errorf("%s in round %d: %d", a.Name, round, news)
				}
			}
			return nil
		})
		testutil.Until(t, "all wait", func() bool { return testutil.Queued(&e) == 4*each })
		news = round
		e.Set()
		told()
		e.Clear()
	}
}

func TestSharedBarrier(t *testing.T) {
	testutil.NoLeaks(t)
	const each, rounds = 2, 200
	b := asyncio.NewBarrier(4 * each)
	var slots, numbers [4 * each]int
	inParallel(t, testutil.Askers(t), each, func(ctx context.Context, _ testutil.Asker, who int) error {
		for round := 1; round <= rounds; round++ {
			slots[who] = round
			i, err := b.Wait(ctx)
			if err != nil {
				return err
			}
			numbers[i]++
			for other, at := range slots {
				if at != round {
					return fmt.Errorf("%d is past the barrier in round %d, %d is in %d", who, round, other, at)
				}
			}
			if _, err := b.Wait(ctx); err != nil { // before the slots change
				return err
			}
		}
		return nil
	})()
	for i, n := range numbers {
		if n != rounds {
			t.Errorf("number %d was given %d times in %d rounds", i, n, rounds)
		}
	}
}

func TestSharedQueue(t *testing.T) {
	const each, items = 2, 150
	for _, k := range testutil.QueueKinds {
		for _, size := range []int{0, 1, 3} {
			t.Run(fmt.Sprintf("%s of %d", k.Name, size), func(t *testing.T) {
				testutil.NoLeaks(t)
				kinds := testutil.Askers(t)
				q := k.Make(size)
				var got [4 * each][]testutil.Item
				consumed := inParallel(t, kinds, each, func(ctx context.Context, _ testutil.Asker, who int) error {
					for v, err := range q.All(ctx) {
						if err != nil {
							return err
						}
						got[who] = append(got[who], v)
						if err := q.TaskDone(); err != nil {
							return err
						}
					}
					return nil
				})
				inParallel(t, kinds, each, func(ctx context.Context, _ testutil.Asker, who int) error {
					for i := range items {
						if err := q.Put(ctx, testutil.Item{Producer: who, Seq: i}); err != nil {
							return err
						}
					}
					return nil
				})()
				testutil.Within(t, func() {
					if err := q.Join(context.Background()); err != nil {
						t.Error(err)
					}
				})
				q.Shutdown()
				consumed()

				times := map[testutil.Item]int{}
				for _, mine := range got {
					next := [4 * each]int{}
					for _, v := range mine {
						times[v]++
						if v.Seq < next[v.Producer] && k.Name == "Queue" {
							t.Errorf("%v came after a later one of its producer", v)
						}
						next[v.Producer] = v.Seq + 1
					}
				}
				for who := range 4 * each {
					for i := range items {
						if n := times[testutil.Item{Producer: who, Seq: i}]; n != 1 {
							t.Errorf("%v came %d times", testutil.Item{Producer: who, Seq: i}, n)
						}
					}
				}
			})
		}
	}
}

func TestSharedQueueShutdown(t *testing.T) {
	const each = 2
	for _, k := range testutil.QueueKinds {
		t.Run(k.Name, func(t *testing.T) {
			testutil.NoLeaks(t)
			kinds := testutil.Askers(t)
			full, empty := k.Make(1), k.Make(1)
			full.PutNoWait(testutil.Item{})
			refused := func(err error) error {
				if errors.Is(err, asyncio.ErrQueueShutDown) {
					return nil
				}
				return fmt.Errorf("%w, want ErrQueueShutDown", err)
			}
			putters := inParallel(t, kinds, each, func(ctx context.Context, _ testutil.Asker, who int) error {
				return refused(full.Put(ctx, testutil.Item{Producer: who, Seq: 1}))
			})
			joiners := inParallel(t, kinds, each, func(ctx context.Context, _ testutil.Asker, _ int) error {
				return full.Join(ctx)
			})
			getters := inParallel(t, kinds, each, func(ctx context.Context, _ testutil.Asker, _ int) error {
				_, err := empty.Get(ctx)
				return refused(err)
			})
			testutil.Until(t, "all wait", func() bool { return testutil.Queued(full) == 4*each && testutil.Queued(empty) == 4*each })
			full.Shutdown(true)
			empty.Shutdown()
			putters()
			joiners()
			getters()
			if full.Len() != 0 {
				t.Errorf("%v", full)
			}
		})
	}
}

// storm makes attempts from all kinds, several at a time, and cancels each of them
// at some moment, if not before it began, then before it could end, or too late.
func storm(t *testing.T, kinds []testutil.Asker, attempt func(ctx context.Context, a testutil.Asker, n int) error) {
	t.Helper()
	const drivers, attempts = 6, 500
	seed := testutil.EnvUint(t, "ASYNCIO_SEED", uint64(time.Now().UnixNano()))
	t.Logf("ASYNCIO_SEED=%d", seed)
	var all sync.WaitGroup
	for d := range drivers {
		rng := rand.New(rand.NewPCG(seed, uint64(d)))
		all.Go(func() {
			for i := range attempts {
				a := kinds[rng.IntN(len(kinds))]
				asking := a.Ask(func(ctx context.Context) error { return attempt(ctx, a, d*attempts+i) })
				for range rng.IntN(12) {
					runtime.Gosched()
				}
				asking.Cancel()
				if err := asking.End(t); err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", a.Name, err)
				}
			}
		})
	}
	testutil.Within(t, all.Wait)
}

func TestSharedLockUnderCancellation(t *testing.T) {
	for _, k := range testutil.LockKinds {
		t.Run(k.Name, func(t *testing.T) {
			testutil.NoLeaks(t)
			kinds := testutil.Askers(t)
			l := k.Make()
			var inside atomic.Int32
			storm(t, kinds, func(ctx context.Context, a testutil.Asker, _ int) error {
				return l.With(ctx, func() error {
					if n := inside.Add(1); n > int32(k.Places) {
						t.Errorf("%d hold it", n)
					}
					defer inside.Add(-1)
					return a.Pause(ctx)
				})
			})
			if n := testutil.Queued(l); n != 0 {
				t.Errorf("%d are in line: %v", n, l)
			}
			testutil.ExpectFree(t, l, k.Places)
			inParallel(t, kinds, 1, func(ctx context.Context, _ testutil.Asker, _ int) error {
				return l.With(ctx, func() error { return nil })
			})()
		})
	}
}

func TestSharedConditionUnderCancellation(t *testing.T) {
	testutil.NoLeaks(t)
	kinds := testutil.Askers(t)
	var l asyncio.Lock
	c := asyncio.NewCondition(&l)
	n, put, taken := 0, 0, 0
	take := func(ctx context.Context) error {
		return l.With(ctx, func() error {
			err := c.WaitFor(ctx, func() bool { return n > 0 })
			if err == nil {
				n--
				taken++
			}
			return err
		})
	}
	add := func() error {
		n++
		put++
		return c.Notify(1)
	}
	storm(t, kinds, func(ctx context.Context, _ testutil.Asker, i int) error {
		if i%2 == 0 {
			return take(ctx)
		}
		return l.With(ctx, add)
	})
	if testutil.Queued(c) != 0 || testutil.Queued(&l) != 0 || l.Locked() {
		t.Errorf("they are in line still: %v, %v", c, &l)
	}
	if put != taken+n {
		t.Errorf("%d put, %d taken, %d left", put, taken, n)
	}
	// Every notification still reaches somebody.
	n = 0
	took := inParallel(t, kinds, 2, func(ctx context.Context, _ testutil.Asker, _ int) error { return take(ctx) })
	testutil.Until(t, "all wait", func() bool { return testutil.Queued(c) == 8 })
	for range 8 {
		if err := l.With(t.Context(), add); err != nil {
			t.Error(err)
		}
	}
	took()
}

func TestSharedQueueUnderCancellation(t *testing.T) {
	for _, k := range testutil.QueueKinds {
		t.Run(k.Name, func(t *testing.T) {
			testutil.NoLeaks(t)
			kinds := testutil.Askers(t)
			q := k.Make(2)
			var mu sync.Mutex
			times := map[testutil.Item]int{} // 1 for what was put, 2 for what was got as well
			count := func(v testutil.Item, err error) error {
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					times[v]++
				}
				return err
			}
			storm(t, kinds, func(ctx context.Context, a testutil.Asker, n int) error {
				if n%2 == 0 {
					return count(q.Get(ctx))
				}
				v := testutil.Item{Producer: 0, Seq: n}
				return count(v, q.Put(ctx, v))
			})
			if n := testutil.Queued(q); n != 0 {
				t.Errorf("%d are in line: %v", n, q)
			}
			for q.Len() > 0 {
				count(q.GetNoWait())
			}
			for v, n := range times {
				if n != 2 {
					t.Errorf("%v was put or got, but not both once: %d", v, n)
				}
			}
			// It still serves everybody.
			got := inParallel(t, kinds, 1, func(ctx context.Context, _ testutil.Asker, _ int) error {
				_, err := q.Get(ctx)
				return err
			})
			inParallel(t, kinds, 1, func(ctx context.Context, _ testutil.Asker, who int) error {
				return q.Put(ctx, testutil.Item{Producer: 1, Seq: who})
			})()
			got()
		})
	}
}

func TestSharedBarrierUnderCancellation(t *testing.T) {
	testutil.NoLeaks(t)
	kinds := testutil.Askers(t)
	const parties = 4
	b := asyncio.NewBarrier(parties)
	var passed, rounds atomic.Int32
	storm(t, kinds, func(ctx context.Context, _ testutil.Asker, _ int) error {
		i, err := b.Wait(ctx)
		if err == nil {
			passed.Add(1)
		}
		if err == nil && i == parties-1 {
			rounds.Add(1)
		}
		return err
	})
	if b.Waiting() != 0 || b.Broken() {
		t.Errorf("%v", b)
	}
	if p, r := passed.Load(), rounds.Load(); p > r*parties {
		t.Errorf("%d have passed in %d rounds", p, r)
	}
	inParallel(t, kinds, 1, func(ctx context.Context, _ testutil.Asker, _ int) error {
		_, err := b.Wait(ctx)
		return err
	})()
}
