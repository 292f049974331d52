package testutil

import (
	"strings"
	"sync"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// Reports collects what goes to the exception handler.
type Reports struct {
	mu   sync.Mutex
	list []string
}

// Option has a loop report to r.
func (r *Reports) Option() asyncio.Option { return asyncio.WithExceptionHandler(r.Add) }

// Add is an exception handler that collects.
func (r *Reports) Add(_ *asyncio.Loop, e asyncio.ExceptionContext) {
	line := e.Message
	if e.Task != nil {
		line += ": " + e.Task.Name()
	}
	if e.Err != nil {
		line += ": " + e.Err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, line)
}

// Len is how many reports there were.
func (r *Reports) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.list)
}

// Expect checks that there were as many reports as patterns, and that each has
// the words of its pattern, parted by " … ", in this order.
func (r *Reports) Expect(t *testing.T, patterns ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := len(r.list) == len(patterns)
	for i := 0; ok && i < len(patterns); i++ {
		rest := r.list[i]
		for word := range strings.SplitSeq(patterns[i], " … ") {
			var found bool
			_, rest, found = strings.Cut(rest, word)
			ok = ok && found
		}
	}
	if !ok {
		t.Errorf("reported:\n\t%s\nwant:\n\t%s", strings.Join(r.list, "\n\t"), strings.Join(patterns, "\n\t"))
	}
}
