package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// crowd counts who is at work, and how many were at most.
type crowd struct{ now, most int }

func (c *crowd) enter() {
	c.now++
	c.most = max(c.most, c.now)
}

func (c *crowd) leave() { c.now-- }

func TestMap(t *testing.T) {
	double := func(_ context.Context, n int) (int, error) { return 2 * n, nil }
	t.Run("gives the results in the order of the items", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			items := []int{3, 1, 2}
			got, err := asyncio.Map(ctx, items, 0, func(ctx context.Context, n int) (string, error) {
				return fmt.Sprint("r", n), asyncio.Sleep(ctx, time.Duration(n)*time.Second)
			})
			if !slices.Equal(got, []string{"r3", "r1", "r2"}) {
				t.Errorf("%q", got)
			}
			return err
		})
	})
	t.Run("runs so many at a time, in turn", func(t *testing.T) {
		for _, x := range []struct {
			limit, most int
			took        time.Duration
		}{{3, 3, 4 * time.Second}, {1, 1, 10 * time.Second}, {10, 10, time.Second}, {11, 10, time.Second}, {0, 10, time.Second}, {-1, 10, time.Second}} {
			testutil.Succeed(t, func(ctx context.Context) error {
				var c crowd
				var began []int
				items := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
				err := testutil.Took(ctx, t, x.took, func() error {
					_, err := asyncio.Map(ctx, items, x.limit, func(ctx context.Context, n int) (asyncio.None, error) {
						began = append(began, n)
						c.enter()
						defer c.leave()
						return asyncio.None{}, asyncio.Sleep(ctx, time.Second)
					})
					return err
				})
				if c.most != x.most || !slices.Equal(began, items) {
					t.Errorf("limit %d: %d at once, begun %v", x.limit, c.most, began)
				}
				return err
			})
		}
	})
	t.Run("of nothing is no await point", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			self := asyncio.CurrentTask(ctx)
			self.Cancel()
			got, err := asyncio.Map(ctx, nil, 1, double)
			if err != nil || len(got) != 0 {
				t.Errorf("%v %v", got, err)
			}
			testutil.ExpectIs(t, "Sleep", asyncio.Sleep(ctx, 0), asyncio.ErrCancelled)
			self.Uncancel()
			return nil
		})
	})
	t.Run("fails fast", func(t *testing.T) {
		for _, limit := range []int{0, 2} {
			testutil.Succeed(t, func(ctx context.Context) error {
				cancelled, begun := 0, 0
				var got []int
				err := testutil.Took(ctx, t, 2*time.Second, func() (err error) {
					got, err = asyncio.Map(ctx, []int{9, 1, 9, 9, 9}, limit, func(ctx context.Context, n int) (int, error) {
						begun++
						err := asyncio.Sleep(ctx, time.Duration(n)*time.Second)
						if n == 1 {
							return 0, testutil.ErrTest
						}
						if errors.Is(err, asyncio.ErrCancelled) {
							cancelled++
							asyncio.Sleep(ctx, time.Second) // the clean-up is waited for
						}
						return 0, err
					})
					return err
				})
				var g *asyncio.GroupError
				if !errors.As(err, &g) || !slices.Equal(g.Errs, []error{testutil.ErrTest}) || got != nil {
					t.Errorf("limit %d: %v %v", limit, got, err)
				}
				if cancelled != begun-1 || limit > 0 && begun != limit {
					t.Errorf("limit %d: %d begun, %d cancelled", limit, begun, cancelled)
				}
				return nil
			})
		}
	})
	t.Run("takes a panic for a failure", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, err := asyncio.Map(ctx, []int{1}, 0, func(context.Context, int) (int, error) { panic("p") })
			var p *asyncio.PanicError
			if !errors.As(err, &p) {
				t.Errorf("%v", err)
			}
			return nil
		})
	})
	t.Run("can be cancelled", func(t *testing.T) {
		for _, limit := range []int{0, 1, 2} {
			testutil.Succeed(t, func(ctx context.Context) error {
				begun, cancelled := 0, 0
				a := asyncio.CreateTask(ctx, func(ctx context.Context) ([]int, error) {
					return asyncio.Map(ctx, []int{1, 2, 3}, limit, func(ctx context.Context, n int) (int, error) {
						begun++
						err := testutil.Forever(ctx)
						cancelled++
						return n, err
					})
				})
				asyncio.Sleep(ctx, time.Second)
				a.Cancel()
				got, err := a.Await(ctx)
				testutil.ExpectIs(t, "Map", err, asyncio.ErrCancelled)
				testutil.ExpectState(t, "its task", a, "cancelled")
				if got != nil || cancelled != begun || limit > 0 && begun != limit {
					t.Errorf("limit %d: %v, %d begun, %d cancelled", limit, got, begun, cancelled)
				}
				return nil
			})
		}
	})
	t.Run("is cancelled between two items", func(t *testing.T) {
		// The first has ended, and made room for the next, as the request comes.
		for turns := range 8 {
			testutil.Succeed(t, func(ctx context.Context) error {
				self, l := asyncio.CurrentTask(ctx), asyncio.RunningLoop(ctx)
				var later func(n int)
				later = func(n int) {
					if n == 0 {
						self.Cancel()
					} else {
						l.CallSoon(func() { later(n - 1) })
					}
				}
				got, err := asyncio.Map(ctx, []int{1, 2, 3}, 1, func(_ context.Context, n int) (int, error) {
					if n == 1 {
						l.CallSoon(func() { later(turns) })
					}
					return n, nil
				})
				if !errors.Is(err, asyncio.ErrCancelled) && !slices.Equal(got, []int{1, 2, 3}) {
					t.Errorf("after %d turns: %v %v", turns, got, err)
				}
				asyncio.Sleep(ctx, 0)
				self.Uncancel()
				return nil
			})
		}
	})
	t.Run("is cancelled before it begins", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, limit := range []int{0, 1} {
				asyncio.CurrentTask(ctx).Cancel()
				got, err := asyncio.Map(ctx, []int{1, 2}, limit, double)
				testutil.ExpectIs(t, "Map", err, asyncio.ErrCancelled)
				if got != nil {
					t.Errorf("limit %d: %v", limit, got)
				}
				asyncio.CurrentTask(ctx).Uncancel()
			}
			return nil
		})
	})
	t.Run("works in a task that has refused a cancellation", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			self := asyncio.CurrentTask(ctx)
			self.Cancel()
			asyncio.Sleep(ctx, 0)
			self.Uncancel()
			for _, limit := range []int{0, 1} {
				got, err := asyncio.Map(ctx, []int{1, 2}, limit, double)
				if !slices.Equal(got, []int{2, 4}) || err != nil {
					t.Errorf("limit %d: %v %v", limit, got, err)
				}
			}
			return nil
		})
	})
	t.Run("ends with its scope", func(t *testing.T) {
		for _, limit := range []int{0, 1} {
			testutil.Succeed(t, func(ctx context.Context) error {
				scope, cancel := asyncio.WithTimeout(ctx, time.Second)
				defer cancel()
				err := testutil.Took(ctx, t, time.Second, func() error {
					_, err := asyncio.Map(scope, []int{1, 2, 3}, limit, func(ctx context.Context, n int) (int, error) {
						return n, testutil.Forever(ctx)
					})
					return err
				})
				testutil.ExpectIs(t, "Map", err, asyncio.ErrTimeout)
				got, err := asyncio.Map(scope, []int{1, 2}, limit, double)
				testutil.ExpectIs(t, "Map in a scope that has ended", err, asyncio.ErrTimeout)
				if got != nil {
					t.Errorf("limit %d: %v", limit, got)
				}
				return nil
			})
		}
	})
	t.Run("over ToThread", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			items := make([]int, 100)
			for i := range items {
				items[i] = i
			}
			got, err := asyncio.Map(ctx, items, 7, func(ctx context.Context, n int) (int, error) {
				return asyncio.ToThread(ctx, func(context.Context) (int, error) { return 2 * n, nil })
			})
			for i, v := range got {
				if v != 2*i {
					t.Errorf("%d: %d", i, v)
				}
			}
			return err
		})
	})
	t.Run("in Map", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			got, err := asyncio.Map(ctx, []int{1, 2, 3}, 1, func(ctx context.Context, n int) ([]int, error) {
				return asyncio.Map(ctx, []int{n, 10 * n}, 1, double)
			})
			if fmt.Sprint(got) != "[[2 20] [4 40] [6 60]]" {
				t.Errorf("%v", got)
			}
			return err
		})
	})
	t.Run("in a Go task and in a goroutine", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			for _, limit := range []int{0, 1} {
				got, err := asyncio.Map(l.Context(), []int{1, 2, 3}, limit, double)
				if !slices.Equal(got, []int{2, 4, 6}) || err != nil {
					t.Errorf("%v %v", got, err)
				}
				got, err = asyncio.Go(l.Context(), func(ctx context.Context) ([]int, error) {
					return asyncio.Map(ctx, []int{1, 2, 3}, limit, double)
				}).Await(context.Background())
				if !slices.Equal(got, []int{2, 4, 6}) || err != nil {
					t.Errorf("%v %v", got, err)
				}
			}
		})
	})
	t.Run("not in a callback", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallSoon(func() {
				_, err := asyncio.Map(ctx, []int{1}, 0, double)
				testutil.ExpectIs(t, "Map", err, asyncio.ErrNotInTask)
			})
			return asyncio.Sleep(ctx, 0)
		})
	})
}
