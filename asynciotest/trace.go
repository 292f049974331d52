package asynciotest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Trace is a list of events, for a test to say exactly what has happened in which order.
// Its zero value is empty, and its methods may be called from any goroutine.
type Trace struct {
	mu     sync.Mutex
	events []string
}

// Add adds an event, formatted as by fmt.Sprintf.
func (tr *Trace) Add(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.events = append(tr.events, fmt.Sprintf(format, args...))
}

// Events returns the events so far.
func (tr *Trace) Events() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.events)
}

// Expect fails the test unless the events are these.
func (tr *Trace) Expect(t testing.TB, want ...string) {
	t.Helper()
	if err := tr.Check(want...); err != nil {
		t.Error(err)
	}
}

// Check is Expect for an explored function: it returns an error, which shows the events
// beside those that were expected.
func (tr *Trace) Check(want ...string) error {
	got := tr.Events()
	if slices.Equal(got, want) {
		return nil
	}
	var s strings.Builder
	s.WriteString("the events are not as expected:")
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			fmt.Fprintf(&s, "\n\t- %s", want[i])
		case i >= len(want):
			fmt.Fprintf(&s, "\n\t+ %s", got[i])
		case got[i] == want[i]:
			fmt.Fprintf(&s, "\n\t  %s", got[i])
		default:
			fmt.Fprintf(&s, "\n\t- %s\n\t+ %s", want[i], got[i])
		}
	}
	return fmt.Errorf("%s\n(- expected, + happened)", s.String())
}
