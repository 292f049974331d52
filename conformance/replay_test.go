package conformance_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/conformance/difftest"
	"github.com/asyncio-go/asyncio/conformance/scenario"
	"github.com/asyncio-go/asyncio/internal/engine"
)

// The recorded programs do what they did on CPython 3.14. They were made by
//
//	go run ./conformance/cmd/difftest -n 4000 -seed 7 -record conformance/testdata/traces.jsonl.gz
func TestReplay(t *testing.T) {
	records, err := difftest.ReadRecords("testdata/traces.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	if len(records) < 4000 {
		t.Errorf("%d programs", len(records))
	}
	var pool engine.Pool
	t.Cleanup(pool.Close)
	explored := func(l *asyncio.Loop) {
		on, _ := engine.Located(l.Context())
		on.Explore(ownOrder{}, &pool)
	}
	for _, options := range []struct {
		name  string
		ready func(*asyncio.Loop)
		opts  []asyncio.Option
		step  int // how many of the programs
	}{
		{"plain", plain, nil, 1},
		// The same order without the shortcuts that the engine takes otherwise.
		{"in debug mode", plain, []asyncio.Option{asyncio.WithDebug()}, 4},
		// The order from which explored schedules depart is the loop's own.
		{"explored", explored, nil, 1},
	} {
		t.Run(options.name, func(t *testing.T) {
			t.Parallel()
			for i := 0; i < len(records) && !t.Failed(); i += options.step {
				replay(t, records[i].Program, records[i].Trace, options.ready, options.opts...)
			}
		})
	}
}

func plain(*asyncio.Loop) {}

// ownOrder always takes the step whose turn it is.
type ownOrder struct{}

func (ownOrder) Choose([]engine.Step) int { return 0 }
func (ownOrder) Waits(*engine.Task)       {}

// replay runs a program and compares its trace with CPython's.
func replay(t *testing.T, program json.RawMessage, want []string, ready func(*asyncio.Loop), opts ...asyncio.Option) {
	t.Helper()
	p, err := scenario.Parse(program)
	if err != nil {
		t.Fatal(err)
	}
	if got := scenario.RunWith(p, ready, opts...).Trace; !slices.Equal(got, want) {
		t.Errorf("%s\n%s", program, difftest.SideBySide("Go", "CPython", got, want))
	}
}
