package asynciotest

import (
	"context"
	"flag"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

var limit = flag.Duration("asyncio.limit", 5*time.Second,
	"how long, in real time, a test of asynciotest may stand still while goroutines that are no tasks might go on")

// Run runs f as the main task of a loop on the clock of a test, and fails the test if f
// returns an error, if nothing can run any more, or if anything is left: see the package
// documentation. It returns when all is over, on the goroutine that called it, and may
// be called in a bubble of testing/synctest. opts are for the loop. (asyncio.run)
func Run(t testing.TB, f func(ctx context.Context) error, opts ...asyncio.Option) {
	t.Helper()
	if failure := Check(f, opts...); failure != nil {
		t.Errorf("asynciotest: %s", failure.Text)
	}
}

// Check is Run without a test: it returns what is wrong, nil if nothing is.
func Check(f func(ctx context.Context) error, opts ...asyncio.Option) *Failure {
	group := newGroup()
	defer group.leave()
	tr := &trial{f: f, opts: opts, limit: *limit, explain: true, group: group.name}
	failure := tr.run()
	if failure == nil {
		failure = group.left()
	}
	return failure
}

// group is the goroutines of a test, marked by a label.
type group struct{ name string }

var groups atomic.Uint64

func newGroup() *group {
	g := &group{fmt.Sprint(groups.Add(1))}
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(label, g.name)))
	return g
}

// leave takes the label off the caller.
func (g *group) leave() { pprof.SetGoroutineLabels(context.Background()) }

// left reports goroutines that a test has started and that are still there.
func (g *group) left() *Failure {
	for start := time.Now(); ; {
		var texts []string
		for _, x := range goroutines() {
			if x.group == g.name && !x.harmless() {
				texts = append(texts, x.text)
			}
		}
		if texts == nil {
			return nil
		}
		if time.Since(start) > patience {
			return &Failure{Kind: Leak, Text: "leak: goroutines that the function has started are left:\n\n" + strings.Join(texts, "\n")}
		}
		time.Sleep(time.Millisecond) // they may be about to end
	}
}

// patience is how long goroutines are given to end by themselves: long enough for those
// that could, on a machine that is busy with other things.
const patience = 2 * time.Second
