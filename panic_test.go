package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func panicsHere(value any) { panic(value) }

// panicked is the error of a task that has panicked.
func panicked(t *testing.T, f func()) *asyncio.PanicError {
	t.Helper()
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(context.Context) error { f(); return nil }))
	var p *asyncio.PanicError
	if !errors.As(err, &p) {
		t.Fatalf("%v is no *PanicError", err)
	}
	return p
}

// The text of a panic is one line; the stack comes with %+v.
func TestPanicErrorIsOneLine(t *testing.T) {
	p := panicked(t, func() { panicsHere("boom\ntwice") })
	const want = "asyncio: panic: boom; twice"
	for _, text := range []string{p.Error(), fmt.Sprint(p), fmt.Sprintf("%s", p), fmt.Sprintf("%v", p), fmt.Errorf("%w", p).Error()} {
		if text != want {
			t.Errorf("%q, want %q", text, want)
		}
	}
	if text := fmt.Sprintf("%q", p); text != `"`+want+`"` {
		t.Error(text)
	}
	if text := fmt.Sprintf("%40s|", p); !strings.HasSuffix(text, want+"|") && len(text) != 41 {
		t.Error(text)
	}
	if text := fmt.Sprintf("%#v", p); strings.Contains(text, "\n") || strings.Contains(text, "0x") {
		t.Error(text)
	}
	full := fmt.Sprintf("%+v", p)
	if !strings.HasPrefix(full, "asyncio: panic: boom\ntwice\n\n") || !strings.Contains(full, "asyncio_test.panicsHere") {
		t.Errorf("with the stack: %s", full)
	}
}

// In a log the stack is one attribute, in one line, of the user's frames alone.
func TestPanicErrorInALog(t *testing.T) {
	line := "" // of the panic
	for name, x := range map[string]struct {
		f     func()
		frame string
	}{
		"a call of panic": {func() { panicsHere("boom") }, "asyncio_test.panicsHere "},
		"a nil pointer":   {func() { line = testutil.Here(0); _ = *(*int)(nil) }, "asyncio_test.TestPanicErrorInALog"},
		"an index":        {func() { line = testutil.Here(0); _ = []int{}[len(line)] }, "asyncio_test.TestPanicErrorInALog"},
	} {
		t.Run(name, func(t *testing.T) {
			line = ""
			p := panicked(t, x.f)
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Error("x", "err", p)
			text := b.String()
			_, stack, _ := strings.Cut(text, "err.stack=")
			stack = strings.Trim(stack, "\"\n")
			if !strings.Contains(text, " err.panic=") || strings.Count(text, "\n") != 1 || !strings.Contains(stack, line) ||
				!strings.HasPrefix(stack, x.frame) || strings.Contains(stack, "asyncio.") || strings.Contains(stack, "runtime.") {
				t.Errorf("%s", text)
			}
		})
	}
}

// The default handler shows a panic that nobody has retrieved in one line, also one that
// is wrapped.
func TestPanicIsReportedInOneLine(t *testing.T) {
	wrapped := fmt.Errorf("wrapped: %w", panicked(t, func() { panicsHere("boom") }))
	for name, f := range map[string]func() error{
		"itself":  func() error { panicsHere("boom"); return nil },
		"wrapped": func() error { return wrapped },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			old := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
			defer slog.SetDefault(old)
			l := asyncio.NewLoop(asyncio.WithVirtualClock())
			task := asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error { return f() }))
			if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(1, 0))); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			text := b.String()
			if strings.Count(text, "\n") != 1 || strings.Count(text, "panicsHere") != 1 || !strings.Contains(text, "boom") ||
				!strings.Contains(text, "stack=") || !task.Done() {
				t.Errorf("%s", text)
			}
		})
	}
}

func explode() { panic(testutil.ErrTest) }
