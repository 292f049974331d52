package scenario_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio/conformance/scenario"
)

// What is wrong with a program is said with its place. The oracle's test reads the same
// file.
func TestBadPrograms(t *testing.T) {
	f, err := os.Open("../testdata/bad.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var bad struct {
			Program json.RawMessage
			Error   string
		}
		if err := json.Unmarshal(lines.Bytes(), &bad); err != nil {
			t.Fatal(err)
		}
		if _, err := scenario.Parse(bad.Program); err == nil || err.Error() != bad.Error {
			t.Errorf("%s\n%v, want\n%s", bad.Program, err, bad.Error)
		}
	}
	if n < 40 {
		t.Errorf("%d programs", n)
	}
}

func TestBadJSON(t *testing.T) {
	for _, text := range []string{"", "{", `{"main": []} {}`, `{"main": [}`} {
		if _, err := scenario.Parse([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "program: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTooDeep(t *testing.T) {
	deep := func(n int) []byte {
		return []byte(`{"main": ` + strings.Repeat(`[{"op": "try", "do": `, n) + "[]" + strings.Repeat("}]", n) + "}")
	}
	if _, err := scenario.Parse(deep(30)); err != nil {
		t.Error(err)
	}
	_, err := scenario.Parse(deep(31))
	if err == nil || !strings.HasSuffix(err.Error(), ": nested more than 30 deep") {
		t.Error(err)
	}
}

// Every operation of the language can be read, and says what it does.
func TestLanguage(t *testing.T) {
	for name, spec := range scenario.Language.Ops {
		if spec.Does == "" {
			t.Errorf("%s does not say what it does", name)
		}
	}
	for _, g := range scenario.Language.Gates {
		if len(g.Has) == 0 || g.Why == "" || scenario.Older(g.Since, "3.11") {
			t.Errorf("gate %+v", g)
		}
	}
}

func TestSince(t *testing.T) {
	for text, want := range map[string]string{
		`{"main": [{"op": "sleep", "for": 1}]}`:                                                      "3.11",
		`{"main": [{"op": "create", "task": "a", "do": [], "eager": true}]}`:                         "3.12",
		`{"main": [{"op": "create", "task": "a", "do": [], "eager": false}]}`:                        "3.11",
		`{"main": [], "objects": {"s": {"kind": "semaphore", "value": 1}}}`:                          "3.13",
		`{"main": [{"op": "group", "group": "g", "do": []}]}`:                                        "3.13",
		`{"main": [{"op": "group", "group": "g", "do": []}, {"op": "task_factory", "eager": true}]}`: "3.14",
		`{"main": [], "coroutines": {"f": [{"op": "shield", "of": "main"}]}}`:                        "3.14",
	} {
		p, err := scenario.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Since(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, v := range []struct {
		a, b string
		want bool
	}{{"3.9", "3.11", true}, {"3.11", "3.11.7", false}, {"3.13.0", "3.14", true}, {"4.0", "3.14", false}} {
		if got := scenario.Older(v.a, v.b); got != v.want {
			t.Errorf("Older(%s, %s) is %t", v.a, v.b, got)
		}
	}
}
