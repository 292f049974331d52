package difftest_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio/conformance/difftest"
	"github.com/asyncio-go/asyncio/conformance/scenario"
)

func parse(t *testing.T, text []byte) *scenario.Program {
	t.Helper()
	p, err := scenario.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// A number and a seed always make the same program, which is right; together the
// programs have every operation of the language, and run each.
func TestGenerate(t *testing.T) {
	ran := map[string]int{}
	for i := range uint64(2000) {
		text, err := json.Marshal(difftest.Generate(1, i))
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(difftest.Generate(1, i))
		if err != nil || string(text) != string(again) {
			t.Fatalf("program %d is not always the same", i)
		}
		for name, n := range scenario.Run(parse(t, text)).Ran {
			ran[name] += n
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scenario.Language.Ops)) {
		if ran[name] == 0 {
			t.Errorf("%s was never run", name)
		}
	}
}

// A program is made small by all that is not needed for what it shows.
func TestShrink(t *testing.T) {
	fails := func(p *scenario.Program) bool {
		return slices.ContainsFunc(scenario.Run(p).Trace, func(line string) bool {
			return strings.HasSuffix(line, "end ! error needle")
		})
	}
	p := parse(t, []byte(`{
		"objects": {"l": {"kind": "lock"}, "f": {"kind": "future"}},
		"coroutines": {"c": [{"op": "sleep", "for": 5}]},
		"main": [
			{"op": "create", "task": "a", "do": [
				{"op": "with", "lock": "l", "do": [
					{"op": "timeout", "scope": "t", "after": 9, "do": [{"op": "sleep", "for": 3}]},
					{"op": "try", "do": [{"op": "fail", "error": "needle"}], "finally": [{"op": "log", "text": "x"}]}]}]},
			{"op": "call", "coroutine": "c"},
			{"op": "gather", "all": ["a", "main", "f"], "return_exceptions": true}]}`))
	if !fails(p) {
		t.Fatal("the program does not do what it is for")
	}
	got, err := json.Marshal(difftest.Shrink(p, fails))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"main":[{"op":"fail","error":"needle"}]}`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRecords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "records.gz")
	want := []difftest.Record{
		{Program: json.RawMessage(`{"main":[]}`), Trace: []string{"a", "b"}},
		{Program: json.RawMessage(`{"main":[1]}`), Trace: []string{}},
	}
	second, first := want[1], want[0]
	first.Number, second.Number = 3, 9
	if err := difftest.WriteRecords(file, []difftest.Record{second, first}); err != nil {
		t.Fatal(err)
	}
	got, err := difftest.ReadRecords(file)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSideBySide(t *testing.T) {
	got := difftest.SideBySide("Go", "CPython", []string{"same", "one", "more"}, []string{"same", "two"})
	want := "Go   | CPython\nsame | same\none  ≠ two\nmore ≠ \n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
