// Small programs whose traces were recorded from CPython 3.13's asyncio on a loop with virtual
// time. The order of events is a promise, so each trace is compared line for line.
package order_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

type (
	task      = asyncio.Task[string]
	future    = asyncio.Future[string]
	coroutine = asyncio.Coroutine[string]
)

// trace is a recorder with more words than testutil's: those of these programs.
type trace struct{ *testutil.Trace }

// script is testutil's, for a trace with these words.
type script struct {
	name string
	want []string
	main func(ctx context.Context, tr *trace) error
	loop func(l *asyncio.Loop, tr *trace)
}

func runScenarios(t *testing.T, scenarios []script) {
	t.Helper()
	var all []testutil.Scenario
	for _, s := range scenarios {
		x := testutil.Scenario{Name: s.name, Want: s.want}
		if s.main != nil {
			x.Main = func(ctx context.Context, tr *testutil.Trace) error { return s.main(ctx, &trace{tr}) }
		} else {
			x.Loop = func(l *asyncio.Loop, tr *testutil.Trace) { s.loop(l, &trace{tr}) }
		}
		all = append(all, x)
	}
	testutil.RunScenarios(t, all)
}
