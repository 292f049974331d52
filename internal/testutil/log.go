package testutil

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// Logged collects what is logged by slog.Default until the test ends, and hands
// each record to the functions in seen, on the goroutine that logs.
type Logged struct {
	Mu   sync.Mutex
	List []LogRecord
	seen func(LogRecord)
}

type LogRecord struct {
	Message string
	Attrs   map[string]slog.Value
}

func (r LogRecord) String() string { return fmt.Sprint(r.Message, r.Attrs) }

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

func (h *Logged) Enabled(context.Context, slog.Level) bool { return true }
func (h *Logged) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *Logged) WithGroup(string) slog.Handler            { return h }

func (h *Logged) Handle(_ context.Context, r slog.Record) error {
	l := LogRecord{Message: r.Message, Attrs: map[string]slog.Value{}}
	r.Attrs(func(a slog.Attr) bool {
		l.Attrs[a.Key] = a.Value
		return true
	})
	h.Mu.Lock()
	h.List = append(h.List, l)
	h.Mu.Unlock()
	if h.seen != nil {
		h.seen(l)
	}
	return nil
}

// Of returns the records with the message that name the task, "" for those
// without.
func (h *Logged) Of(message, task string) []LogRecord {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	var some []LogRecord
	for _, r := range h.List {
		if strings.Contains(r.Message, message) && r.Task() == task {
			some = append(some, r)
		}
	}
	return some
}

func (r LogRecord) Task() string {
	if v, ok := r.Attrs["task"]; ok {
		return v.String()
	}
	return ""
}
