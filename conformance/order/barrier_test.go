package order_test

import (
	"context"
	"errors"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// party is a coroutine that comes to a barrier.
func (tr *trace) party(who string, b *asyncio.Barrier) coroutine {
	return func(ctx context.Context) (string, error) {
		tr.Add("%s arrives", who)
		n, err := b.Wait(ctx)
		switch {
		case err == nil:
			tr.Add("%s passes as %d", who, n)
		case errors.Is(err, asyncio.ErrBrokenBarrier):
			tr.Add("%s gets %s", who, word(err))
		default:
			tr.Add("%s gets %s", who, word(err))
			return "", err
		}
		return who, nil
	}
}

func (tr *trace) lookBarrier(b *asyncio.Barrier) {
	tr.Add("waiting %d broken %t", b.Waiting(), b.Broken())
}

func (tr *trace) abort(who string, b *asyncio.Barrier) coroutine {
	return func(context.Context) (string, error) {
		tr.Add("%s aborts", who)
		b.Abort()
		return who, nil
	}
}

func (tr *trace) reset(who string, b *asyncio.Barrier) coroutine {
	return func(context.Context) (string, error) {
		tr.Add("%s resets", who)
		b.Reset()
		return who, nil
	}
}

func TestOrderOfBarriers(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a barrier for three",
			want: []string{
				"parties 3", "waiting 0 broken false", "a arrives", "b arrives", "1ms waiting 2 broken false",
				"1ms turn 1", "1ms c arrives", "1ms c passes as 2", "1ms waiting 0 broken false", "1ms turn 2",
				"1ms a passes as 0", "1ms b passes as 1", "1ms turn 3", "1ms turn 4",
				"2ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				tr.Add("parties %d", b.Parties())
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.lookBarrier(b)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				tr.Tick(4)
				asyncio.CreateTask(ctx, tr.party("c", b))
				tr.Loop.CallSoon(func() { tr.lookBarrier(b) })
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "a barrier for one takes no turn",
			want: []string{
				"a arrives", "a passes as 0", "waiting 0 broken false", "b arrives", "b passes as 0",
				"waiting 0 broken false", "c arrives", "c passes as 0", "waiting 0 broken false", "turn 1",
				"turn 2", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(1)
				tr.Tick(3)
				for _, who := range []string{"a", "b", "c"} {
					tr.party(who, b)(ctx)
					tr.lookBarrier(b)
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a barrier round after round",
			want: []string{
				"1ms a round 0", "1ms a arrives", "3ms c round 0", "3ms c arrives", "5ms b round 0",
				"5ms b arrives", "5ms b passes as 2", "5ms a passes as 0", "5ms c passes as 1",
				"6ms a round 1", "6ms a arrives", "8ms c round 1", "8ms c arrives", "10ms b round 1",
				"10ms b arrives", "10ms b passes as 2", "10ms a passes as 0", "10ms c passes as 1",
				"11ms a round 2", "11ms a arrives", "13ms c round 2", "13ms c arrives", "15ms b round 2",
				"15ms b arrives", "15ms b passes as 2", "15ms a passes as 0", "15ms c passes as 1",
				"30ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				phases := func(who string, ms int) coroutine {
					return func(ctx context.Context) (string, error) {
						for n := range 3 {
							if err := asyncio.Sleep(ctx, testutil.Millis(ms)); err != nil {
								return "", err
							}
							tr.Add("%s round %d", who, n)
							if _, err := tr.party(who, b)(ctx); err != nil {
								return "", err
							}
						}
						return who, nil
					}
				}
				asyncio.CreateTask(ctx, phases("a", 1))
				asyncio.CreateTask(ctx, phases("b", 5))
				asyncio.CreateTask(ctx, phases("c", 3))
				tr.Sleep(ctx, 30)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "the filler comes back at once",
			want: []string{
				"a arrives", "b arrives", "b passes as 1", "b arrives", "turn 1", "a passes as 0", "a arrives",
				"turn 2", "b passes as 1", "b arrives", "turn 3", "a passes as 0", "a arrives", "turn 4",
				"b passes as 1", "turn 5", "a passes as 0", "turn 6", "turn 7", "turn 8", "turn 9",
				"5ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(2)
				loops := func(who string) coroutine {
					return func(ctx context.Context) (string, error) {
						for range 3 {
							if _, err := tr.party(who, b)(ctx); err != nil {
								return "", err
							}
						}
						return who, nil
					}
				}
				asyncio.CreateTask(ctx, loops("a"))
				asyncio.CreateTask(ctx, loops("b"))
				tr.Tick(9)
				tr.Sleep(ctx, 5)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "three parties at a barrier for two",
			want: []string{
				"a arrives", "b arrives", "b passes as 1", "b arrives", "c arrives", "turn 1", "a passes as 0",
				"a arrives", "turn 2", "b passes as 1", "turn 3", "a passes as 0", "turn 4", "turn 5",
				"turn 6", "turn 7", "turn 8", "turn 9", "5ms waiting 1 broken false", "5ms c gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(2)
				loops := func(who string) coroutine {
					return func(ctx context.Context) (string, error) {
						for range 2 {
							if _, err := tr.party(who, b)(ctx); err != nil {
								return "", err
							}
						}
						return who, nil
					}
				}
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, loops(who))
				}
				tr.Tick(9)
				tr.Sleep(ctx, 5)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "seven at once at a barrier for three",
			want: []string{
				"a arrives", "b arrives", "c arrives", "c passes as 2", "d arrives", "e arrives", "f arrives",
				"g arrives", "turn 1", "waiting 0 broken false", "a passes as 0", "b passes as 1", "turn 2",
				"f passes as 2", "turn 3", "d passes as 0", "e passes as 1", "turn 4", "turn 5", "turn 6",
				"turn 7", "5ms waiting 1 broken false", "5ms g gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				for _, who := range []string{"a", "b", "c", "d", "e", "f", "g"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Tick(7)
				tr.Sleep(ctx, 0)
				tr.lookBarrier(b)
				tr.Sleep(ctx, 5)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "who arrives while the barrier drains waits for the next round",
			want: []string{
				"a arrives", "b arrives", "turn 1", "c arrives", "c passes as 2", "d arrives", "e arrives",
				"waiting 0 broken false", "turn 2", "a passes as 0", "b passes as 1", "f arrives", "turn 3",
				"e passes as 2", "turn 4", "f passes as 0", "d passes as 1", "turn 5", "turn 6",
				"5ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(6)
				for _, who := range []string{"c", "d", "e"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 0)
				tr.lookBarrier(b)
				asyncio.CreateTask(ctx, tr.party("f", b))
				tr.Sleep(ctx, 5)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "a party cancelled while the barrier fills",
			want: []string{
				"a arrives", "b arrives", "1ms waiting 2 broken false", "1ms turn 1",
				"1ms a gets cancelled(a)", "1ms turn 2", "1ms turn 3", "1ms turn 4",
				"2ms waiting 1 broken false", "2ms c arrives", "3ms waiting 2 broken false", "3ms d arrives",
				"3ms d passes as 2", "3ms b passes as 0", "3ms c passes as 1", "4ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.party(who, b)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				ts[0].Cancel("a")
				tr.lookBarrier(b)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				asyncio.CreateTask(ctx, tr.party("c", b))
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				asyncio.CreateTask(ctx, tr.party("d", b))
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "a party cancelled in the step that fills",
			want: []string{
				"a arrives", "b arrives", "1ms main arrives", "1ms main passes as 2",
				"1ms waiting 0 broken false", "1ms turn 1", "1ms a gets cancelled(a)", "1ms b passes as 1",
				"1ms turn 2", "1ms turn 3", "1ms turn 4", "1ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.party(who, b)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(6)
				ts[0].Cancel("a")
				tr.inTime("main", 5, tr.party("main", b))(ctx)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "a woken party is cancelled",
			want: []string{
				"a arrives", "b arrives", "1ms main arrives", "1ms main passes as 2", "1ms turn 1",
				"1ms a gets cancelled(a)", "1ms b passes as 1", "1ms new arrives",
				"1ms waiting 1 broken false", "1ms turn 2", "1ms turn 3", "1ms turn 4", "1ms turn 5",
				"1ms turn 6", "2ms waiting 1 broken false", "2ms new gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.party(who, b)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(6)
				tr.party("main", b)(ctx)
				ts[0].Cancel("a")
				asyncio.CreateTask(ctx, tr.party("new", b))
				tr.Sleep(ctx, 0)
				tr.lookBarrier(b)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "the last woken party is cancelled with newcomers waiting",
			want: []string{
				"a arrives", "1ms main arrives", "1ms main passes as 1", "1ms x arrives", "1ms y arrives",
				"1ms turn 1", "1ms a gets cancelled(a)", "1ms turn 2", "1ms y passes as 1", "1ms turn 3",
				"1ms x passes as 0", "1ms turn 4", "1ms turn 5", "1ms turn 6", "6ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(2)
				a := asyncio.CreateTask(ctx, tr.party("a", b))
				tr.Sleep(ctx, 1)
				asyncio.CreateTask(ctx, tr.party("x", b))
				asyncio.CreateTask(ctx, tr.party("y", b))
				tr.Tick(6)
				tr.party("main", b)(ctx)
				a.Cancel("a")
				tr.Sleep(ctx, 5)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "a party cancelled while it waits for the drain",
			want: []string{
				"a arrives", "1ms main arrives", "1ms main passes as 1", "1ms x arrives", "1ms y arrives",
				"1ms turn 1", "1ms a passes as 0", "1ms x gets cancelled(x)", "1ms turn 2", "1ms turn 3",
				"1ms turn 4", "1ms turn 5", "1ms turn 6", "6ms waiting 1 broken false", "6ms y gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(2)
				asyncio.CreateTask(ctx, tr.party("a", b))
				tr.Sleep(ctx, 1)
				x := asyncio.CreateTask(ctx, tr.party("x", b))
				asyncio.CreateTask(ctx, tr.party("y", b))
				tr.Loop.CallSoon(func() { x.Cancel("x") })
				tr.Tick(6)
				tr.party("main", b)(ctx)
				tr.Sleep(ctx, 5)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "aborting a barrier that fills",
			want: []string{
				"a arrives", "b arrives", "1ms waiting 0 broken true", "1ms main arrives",
				"1ms main gets broken", "1ms turn 1", "1ms a gets broken", "1ms b gets broken", "1ms turn 2",
				"1ms turn 3", "1ms turn 4", "1ms turn 5", "2ms waiting 0 broken true", "2ms main arrives",
				"2ms main gets broken", "2ms waiting 0 broken false", "2ms c arrives", "2ms d arrives",
				"2ms e arrives", "2ms e passes as 2", "2ms c passes as 0", "2ms d passes as 1",
				"3ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				b.Abort()
				tr.lookBarrier(b)
				tr.party("main", b)(ctx)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				b.Abort()
				tr.party("main", b)(ctx)
				b.Reset()
				tr.lookBarrier(b)
				for _, who := range []string{"c", "d", "e"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "aborting a barrier that drains",
			want: []string{
				"a arrives", "b arrives", "1ms main arrives", "1ms main passes as 2",
				"1ms waiting 0 broken true", "1ms new arrives", "1ms new gets broken", "1ms turn 1",
				"1ms a gets broken", "1ms b gets broken", "1ms turn 2", "1ms turn 3", "1ms turn 4",
				"1ms turn 5", "2ms waiting 0 broken true", "2ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 1)
				asyncio.CreateTask(ctx, tr.party("new", b))
				tr.Tick(5)
				tr.party("main", b)(ctx)
				b.Abort()
				tr.lookBarrier(b)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				b.Reset()
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "aborting with parties waiting for the drain",
			want: []string{
				"a arrives", "b arrives", "1ms c arrives", "1ms c passes as 2", "1ms d arrives",
				"1ms e arrives", "1ms turn 1", "1ms a passes as 0", "1ms b passes as 1", "1ms aborter aborts",
				"1ms turn 2", "1ms d gets broken", "1ms e gets broken", "1ms turn 3", "1ms turn 4",
				"1ms turn 5", "1ms turn 6", "6ms waiting 0 broken true",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 1)
				asyncio.CreateTask(ctx, tr.party("c", b))
				asyncio.CreateTask(ctx, tr.party("d", b))
				tr.Loop.CallSoon(func() { asyncio.CreateTask(ctx, tr.abort("aborter", b)) })
				asyncio.CreateTask(ctx, tr.party("e", b))
				tr.Tick(6)
				tr.Sleep(ctx, 5)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "resetting a barrier that fills",
			want: []string{
				"a arrives", "b arrives", "1ms waiting 0 broken false", "1ms main arrives", "1ms turn 1",
				"1ms c arrives", "1ms a gets broken", "1ms b gets broken", "1ms d arrives", "1ms turn 2",
				"1ms c passes as 2", "1ms turn 3", "1ms d passes as 0", "1ms main passes as 1",
				"1ms waiting 0 broken false", "1ms turn 4", "1ms turn 5", "1ms turn 6",
				"2ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(6)
				asyncio.CreateTask(ctx, tr.party("c", b))
				b.Reset()
				tr.lookBarrier(b)
				asyncio.CreateTask(ctx, tr.party("d", b))
				tr.party("main", b)(ctx)
				tr.lookBarrier(b)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "resetting a barrier that drains",
			want: []string{
				"a arrives", "b arrives", "1ms main arrives", "1ms main passes as 2",
				"1ms waiting 0 broken false", "1ms new arrives", "1ms turn 1", "1ms a gets broken",
				"1ms b gets broken", "1ms turn 2", "1ms turn 3", "1ms turn 4", "1ms turn 5",
				"2ms waiting 1 broken false", "2ms new gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 1)
				asyncio.CreateTask(ctx, tr.party("new", b))
				tr.Tick(5)
				tr.party("main", b)(ctx)
				b.Reset()
				tr.lookBarrier(b)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "resetting an empty barrier and twice",
			want: []string{
				"waiting 0 broken false", "a arrives", "1ms waiting 0 broken false", "1ms turn 1",
				"1ms a gets broken", "1ms turn 2", "1ms turn 3", "1ms turn 4", "2ms b arrives",
				"3ms waiting 1 broken false", "3ms main arrives", "3ms main passes as 1", "3ms b passes as 0",
				"4ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(2)
				b.Reset()
				tr.lookBarrier(b)
				asyncio.CreateTask(ctx, tr.party("a", b))
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				b.Reset()
				b.Reset()
				tr.lookBarrier(b)
				tr.Sleep(ctx, 1)
				asyncio.CreateTask(ctx, tr.party("b", b))
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				tr.party("main", b)(ctx)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "abort and reset in one step",
			want: []string{
				"a arrives", "b arrives", "1ms waiting 0 broken false", "1ms turn 1", "1ms a gets broken",
				"1ms b gets broken", "1ms c arrives", "1ms turn 2", "1ms turn 3", "1ms turn 4", "1ms turn 5",
				"2ms waiting 1 broken false", "2ms waiting 0 broken true", "2ms c gets broken",
				"3ms waiting 0 broken true",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				b.Abort()
				b.Reset()
				tr.lookBarrier(b)
				asyncio.CreateTask(ctx, tr.party("c", b))
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				b.Reset()
				b.Abort()
				tr.lookBarrier(b)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "a party cancelled and the barrier reset in one step",
			want: []string{
				"a arrives", "b arrives", "1ms turn 1", "1ms a gets cancelled(a)", "1ms b gets broken",
				"1ms c arrives", "1ms turn 2", "1ms turn 3", "1ms turn 4", "1ms turn 5",
				"2ms waiting 1 broken false", "2ms c gets broken", "2ms d arrives",
				"3ms waiting 1 broken false", "3ms d gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.party(who, b)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				b.Reset()
				ts[0].Cancel("a")
				asyncio.CreateTask(ctx, tr.party("c", b))
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				b.Reset()
				asyncio.CreateTask(ctx, tr.party("d", b))
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "a broken barrier that is reset lets newcomers in",
			want: []string{
				"a arrives", "1ms a gets broken", "1ms b arrives", "1ms b gets broken", "1ms c arrives",
				"1ms c gets broken", "1ms turn 1", "1ms resetter resets", "1ms turn 2", "1ms turn 3",
				"1ms turn 4", "1ms turn 5", "1ms turn 6", "2ms waiting 0 broken false", "2ms main arrives",
				"7ms main gets cancelled", "7ms main gets timeout",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(2)
				asyncio.CreateTask(ctx, tr.party("a", b))
				tr.Sleep(ctx, 1)
				b.Abort()
				asyncio.CreateTask(ctx, tr.party("b", b))
				tr.Loop.CallSoon(func() { asyncio.CreateTask(ctx, tr.reset("resetter", b)) })
				asyncio.CreateTask(ctx, tr.party("c", b))
				tr.Tick(6)
				tr.Sleep(ctx, 1)
				tr.lookBarrier(b)
				tr.inTime("main", 5, tr.party("main", b))(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a party that times out",
			want: []string{
				"a arrives", "b arrives", "5ms a gets cancelled", "5ms a gets timeout",
				"10ms waiting 1 broken false", "10ms c arrives", "15ms c gets cancelled",
				"15ms c gets timeout", "15ms d arrives", "15ms turn 1", "15ms turn 2", "15ms turn 3",
				"15ms turn 4", "20ms waiting 2 broken false", "20ms b gets cancelled", "20ms d gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				asyncio.CreateTask(ctx, tr.inTime("a", 5, tr.party("a", b)))
				asyncio.CreateTask(ctx, tr.party("b", b))
				tr.Sleep(ctx, 10)
				tr.lookBarrier(b)
				asyncio.CreateTask(ctx, tr.inTime("c", 5, tr.party("c", b)))
				tr.Sleep(ctx, 0)
				tr.Loop.CallLater(testutil.Millis(5), func() { asyncio.CreateTask(ctx, tr.party("d", b)) })
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.Tick(4) })
				tr.Sleep(ctx, 10)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "the one who passes first does the work",
			want: []string{
				"c passes as 2", "c arrives", "a passes as 0", "b passes as 1", "b arrives",
				"5ms a has done the work", "5ms a arrives", "5ms a passes as 2", "5ms b passes as 0",
				"5ms c passes as 1", "10ms waiting 0 broken false",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(3)
				phase := func(who string) coroutine {
					return func(ctx context.Context) (string, error) {
						err := b.With(ctx, func(n int) error {
							tr.Add("%s passes as %d", who, n)
							if n == 0 {
								if err := asyncio.Sleep(ctx, testutil.Millis(5)); err != nil {
									return err
								}
								tr.Add("%s has done the work", who)
							}
							return nil
						})
						if err != nil {
							return "", err
						}
						if _, err := tr.party(who, b)(ctx); err != nil {
							return "", err
						}
						return who, nil
					}
				}
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, phase(who))
				}
				tr.Sleep(ctx, 10)
				tr.lookBarrier(b)
				return nil
			},
		},
		{
			name: "the end of run finds a barrier half full",
			want: []string{
				"a arrives", "b arrives", "c arrives", "1ms main ends", "1ms a gets cancelled",
				"1ms b gets cancelled", "1ms c gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.NewBarrier(4)
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, tr.party(who, b))
				}
				tr.Sleep(ctx, 1)
				tr.Add("main ends")
				return nil
			},
		},
	})
}
