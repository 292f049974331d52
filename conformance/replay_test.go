package conformance_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/conformance/difftest"
	"github.com/asyncio-go/asyncio/conformance/scenario"
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
	for _, options := range []struct {
		name string
		opts []asyncio.Option
		step int // how many of the programs
	}{
		{"plain", nil, 1},
		// The same order without the shortcuts that the engine takes otherwise.
		{"in debug mode", []asyncio.Option{asyncio.WithDebug()}, 4},
	} {
		t.Run(options.name, func(t *testing.T) {
			for i := 0; i < len(records) && !t.Failed(); i += options.step {
				replay(t, records[i].Program, records[i].Trace, options.opts...)
			}
		})
	}
}

// replay runs a program and compares its trace with CPython's.
func replay(t *testing.T, program json.RawMessage, want []string, opts ...asyncio.Option) {
	t.Helper()
	p, err := scenario.Parse(program)
	if err != nil {
		t.Fatal(err)
	}
	if got := scenario.Run(p, opts...).Trace; !slices.Equal(got, want) {
		t.Errorf("%s\n%s", program, difftest.SideBySide("Go", "CPython", got, want))
	}
}
