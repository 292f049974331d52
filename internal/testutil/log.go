package testutil

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Logged collects what is logged by slog.Default until the test ends, and hands
// each record to the functions in seen, on the goroutine that logs.
type Logged struct {
	mu   sync.Mutex
	list []LogRecord
	seen func(LogRecord)
}

// LogRecord is one of its records.
type LogRecord struct {
	Level   slog.Level
	Message string
	Attrs   map[string]slog.Value
}

func (r LogRecord) String() string { return fmt.Sprint(r.Message, r.Attrs) }

// CaptureLog has slog.Default collect until the test ends. seen may be nil.
func CaptureLog(t *testing.T, seen func(LogRecord)) *Logged {
	h := &Logged{seen: seen}
	before, writer, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(h))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(writer) // which SetDefault has changed
		log.SetFlags(flags)
	})
	return h
}

// String has a line for each.
func (h *Logged) String() string {
	var b strings.Builder
	for _, r := range h.All() {
		fmt.Fprintf(&b, "\t%v\n", r)
	}
	return b.String()
}

// All returns the records so far.
func (h *Logged) All() []LogRecord {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.list)
}

// Enabled makes it a slog.Handler, as do WithAttrs, WithGroup and Handle.
func (h *Logged) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs is not called by the library.
func (h *Logged) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup is not called by the library.
func (h *Logged) WithGroup(string) slog.Handler { return h }

// Handle collects the record.
func (h *Logged) Handle(_ context.Context, r slog.Record) error {
	l := LogRecord{Level: r.Level, Message: r.Message, Attrs: map[string]slog.Value{}}
	r.Attrs(func(a slog.Attr) bool {
		l.Attrs[a.Key] = a.Value
		return true
	})
	h.mu.Lock()
	h.list = append(h.list, l)
	h.mu.Unlock()
	if h.seen != nil {
		h.seen(l)
	}
	return nil
}

// Of returns the records with the message that name the task, "" for those
// without.
func (h *Logged) Of(message, task string) []LogRecord {
	h.mu.Lock()
	defer h.mu.Unlock()
	var some []LogRecord
	for _, r := range h.list {
		if strings.Contains(r.Message, message) && r.Task() == task {
			some = append(some, r)
		}
	}
	return some
}

// Task is the task that it names, "" if none.
func (r LogRecord) Task() string {
	if v, ok := r.Attrs["task"]; ok {
		return v.String()
	}
	return ""
}
