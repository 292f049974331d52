package conformance_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio/conformance"
	"github.com/asyncio-go/asyncio/conformance/scenario"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

var update = flag.Bool("update", false, "write the tables of the README")

// The README has the operations, objects and gates that there are, and its program does
// what it says.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := section(t, string(readme), "operations", operationsTable())
	want = section(t, want, "gates", gatesTable())
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(readme) != want {
		t.Error("the tables are out of date: go test ./conformance -run TestReadme -update")
	}

	_, rest, _ := strings.Cut(string(readme), "```json\n")
	program, rest, _ := strings.Cut(rest, "```")
	_, rest, _ = strings.Cut(rest, "```\n")
	trace, _, _ := strings.Cut(rest, "```")
	p, err := scenario.Parse([]byte(program))
	if err != nil {
		t.Fatal(err)
	}
	testutil.ExpectLines(t, scenario.Run(p).Trace, strings.Split(strings.TrimSpace(trace), "\n")...)
}

// The figures of the repository's README are those of the report.
func TestFigures(t *testing.T) {
	const readme = "../README.md"
	if *update {
		if err := conformance.WriteFigures(readme, "REPORT.md"); err != nil {
			t.Fatal(err)
		}
	}
	report, err := os.ReadFile("REPORT.md")
	if err != nil {
		t.Fatal(err)
	}
	figures, err := conformance.Figures(string(report))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	if section(t, string(text), "figures", figures) != string(text) {
		t.Error("the figures are not those of the report: go test ./conformance -run TestFigures -update")
	}
}

// The sentence has each version's figures, and does not hide that some differed.
func TestFiguresSaySo(t *testing.T) {
	run := "programs     300000, from 0 of seed 1\nCPython 3.13.0   246105 compared, 0 divergences\n"
	for text, want := range map[string][]string{
		run: {"300,000", "246,105 on CPython 3.13.0", "all alike"},
		run + "CPython 3.14.2   75000 compared, 1200 divergences\n": {"75,000 on CPython 3.14.2 (1,200 differed)", "not all alike"},
	} {
		got, err := conformance.Figures(text)
		for _, w := range want {
			if err != nil || !strings.Contains(got, w) {
				t.Errorf("%q, %v: want %q", got, err, w)
			}
		}
	}
	if _, err := conformance.Figures("nothing"); err == nil {
		t.Error("no error for a report without a run")
	}
}

func section(t *testing.T, text, name, with string) string {
	text, err := conformance.ReplaceSection(text, name, with)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func operationsTable() string {
	var s strings.Builder
	s.WriteString("| object | fields |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(scenario.Language.Objects)) {
		fmt.Fprintf(&s, "| `%s` | %s |\n", name, fields(scenario.Language.Objects[name]))
	}
	s.WriteString("\n| operation | fields | does |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(scenario.Language.Ops)) {
		spec := scenario.Language.Ops[name]
		shown := "`" + name + "`"
		if spec.Quiet {
			shown = "*" + shown + "*"
		}
		if spec.Waits || spec.In == "task" {
			shown += " \\*"
		}
		fmt.Fprintf(&s, "| %s | %s | %s |\n", shown, fields(spec), spec.Does)
	}
	return s.String()
}

func fields(spec scenario.Spec) string {
	var all []string
	for _, f := range spec.Fields {
		kind := strings.ReplaceAll(strings.ReplaceAll(f.Type, "|", " or "), ":", " ")
		kind = strings.ReplaceAll(strings.ReplaceAll(kind, "new ", "names a "), "enum ", "")
		all = append(all, fmt.Sprintf("`%s`: %s", f.Name, kind))
	}
	text := strings.Join(all, ", ")
	if spec.One != nil {
		text += "; one of " + strings.Join(spec.One, " and ")
	}
	if spec.Most != nil {
		text += "; at most one of " + strings.Join(spec.Most, " and ")
	}
	return text
}

func gatesTable() string {
	var s strings.Builder
	s.WriteString("| with | from | because |\n|---|---|---|\n")
	for _, g := range scenario.Language.Gates {
		fmt.Fprintf(&s, "| `%s` | %s | %s |\n", strings.Join(g.Has, "` and `"), g.Since, g.Why)
	}
	return s.String()
}
