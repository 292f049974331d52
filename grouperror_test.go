package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// The error of a group says of each failed task which one it was, by its name and where
// it was created, or else its coroutine function; what the body returned is the body's.
func TestGroupErrorSaysWhichTasksFailed(t *testing.T) {
	for _, debug := range []bool{false, true} {
		t.Run(fmt.Sprint("debug ", debug), func(t *testing.T) {
			l := asyncio.NewLoop(asyncio.WithVirtualClock())
			l.SetDebug(debug)
			var created, coro string
			err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					coro = testutil.Here(1)
					c := asyncio.Void(func(context.Context) error { return testutil.ErrTest })
					created = testutil.Here(1)
					asyncio.CreateTask(tg, c, asyncio.WithName("reader"))
					asyncio.Go(tg, asyncio.Void(func(context.Context) error { panic("boom") }), asyncio.WithName("writer"))
					_ = testutil.Forever(tg)
					return errors.New("body")
				})
			})))
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			var g *asyncio.GroupError
			if !errors.As(err, &g) || !errors.Is(err, testutil.ErrTest) {
				t.Fatal(err)
			}
			place := coro
			if debug {
				place = created
			}
			var names []string
			for i, err := range g.Unwrap() {
				var e *asyncio.TaskError
				if !errors.As(err, &e) {
					names = append(names, err.Error())
					continue
				}
				names = append(names, e.Name)
				if e.Err != g.Errs[i] || !errors.Is(err, g.Errs[i]) { //nolint:errorlint // it must be the same one
					t.Errorf("%v is not of %v", err, g.Errs[i])
				}
				if e.Coro.Line == 0 || debug != (e.Created.Line > 0) {
					t.Errorf("%s: coroutine %v, created %v", e.Name, e.Coro, e.Created)
				}
				if !strings.Contains(g.Error(), e.Error()) || strings.Contains(e.Error(), "\n") {
					t.Errorf("the text %q has not %q", g, e)
				}
				if e.Name == "reader" && !regexp.MustCompile(`^reader \(.*`+regexp.QuoteMeta(place)+`\): test error$`).MatchString(e.Error()) {
					t.Errorf("%q, want %s", e, place)
				}
			}
			if len(names) < 2 || names[0] != "reader" || names[len(names)-1] != "body" {
				t.Errorf("%q", names)
			}
			var p *asyncio.PanicError
			if errors.As(err, &p) != strings.Contains(g.Error(), "writer") {
				t.Error(err)
			}
		})
	}
}

// A group inside another is named with the task that it was in.
func TestGroupErrorInAGroup(t *testing.T) {
	err := testutil.Run(t, func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest), asyncio.WithName("inner"))
					return nil
				})
			}), asyncio.WithName("outer"))
			return nil
		})
	})
	if !regexp.MustCompile(`outer \(.*\): asyncio: task group: inner \(.*\): test error`).MatchString(fmt.Sprint(err)) {
		t.Error(err)
	}
}

// Map says at which item it has failed, also by a panic, and names the user's function.
func TestMapSaysWhichItemFailed(t *testing.T) {
	for name, f := range map[string]func(context.Context, string) (int, error){
		"an error": func(_ context.Context, s string) (int, error) {
			if s == "c" {
				return 0, testutil.ErrTest
			}
			return 1, nil
		},
		"a panic": func(_ context.Context, s string) (int, error) {
			if s == "c" {
				panic(testutil.ErrTest)
			}
			return 1, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := testutil.Run(t, func(ctx context.Context) error {
				_, err := asyncio.Map(ctx, []string{"a", "b", "c"}, 2, f)
				return err
			})
			var e *asyncio.TaskError
			if !errors.As(err, &e) || !strings.HasSuffix(e.Name, ", item 2") || !errors.Is(err, testutil.ErrTest) ||
				!strings.Contains(e.Coro.Function, "TestMapSaysWhichItemFailed") {
				t.Errorf("%v: %+v", err, e)
			}
		})
	}
}

// A group's error that somebody else makes has no tasks.
func TestGroupErrorOfTheUsersOwn(t *testing.T) {
	e := &asyncio.GroupError{Errs: []error{testutil.ErrTest}}
	testutil.ExpectIs(t, "Unwrap", e, testutil.ErrTest)
	if e.Error() != "asyncio: task group: test error" {
		t.Error(e)
	}
}
