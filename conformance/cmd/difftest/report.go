package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio/conformance"
	"github.com/asyncio-go/asyncio/conformance/difftest"
)

// writeReport writes the sections of a report that a run is for.
func (c *config) writeReport(s *summary, took time.Duration) error {
	var run strings.Builder
	fmt.Fprintf(&run, "```\n")
	s.print(&run, c, took)
	fmt.Fprintf(&run, "```\n")
	if err := conformance.WriteSection(c.report, "difftest", run.String()); err != nil {
		return err
	}
	if c.readme != "" {
		if err := conformance.WriteFigures(c.readme, c.report); err != nil {
			return err
		}
	}
	blocks, err := difftest.Coverage(".")
	if err != nil {
		return fmt.Errorf("coverage: %w: run it as the report says", err)
	}
	text, unexplained, idle := coverageTables(blocks, compile(unreached))
	err = conformance.WriteSection(c.report, "coverage", text)
	if unexplained > 0 {
		err = errors.Join(err, fmt.Errorf("%d statements are neither reached nor explained: see %s", unexplained, c.report))
	}
	if len(idle) > 0 {
		err = errors.Join(err, fmt.Errorf("these explain nothing: %s", strings.Join(idle, "; ")))
	}
	return err
}

// coverageTables is how much of each file was reached, and why the rest was not. idle is
// what of the reasons explains nothing.
func coverageTables(blocks []difftest.Block, reasons []*matcher) (text string, unexplained int, idle []string) {
	var files []string
	all, reached := map[string]int{}, map[string]int{}
	var rest strings.Builder
	total, totalReached := 0, 0
	for _, b := range blocks {
		if b.Statements == 0 {
			continue
		}
		if all[b.File] == 0 {
			files = append(files, b.File)
		}
		all[b.File] += b.Statements
		total += b.Statements
		if b.Reached {
			reached[b.File] += b.Statements
			totalReached += b.Statements
			continue
		}
		if !explain(b, reasons) {
			unexplained += b.Statements
			fmt.Fprintf(&rest, "| `%s:%d` | `%s` | %d |\n", b.File, b.Line, b.Func, b.Statements)
		}
	}
	var t strings.Builder
	fmt.Fprintf(&t, "Of %d statements %d were reached; %d are not reached for a reason below, %d for none.\n\n",
		total, totalReached, total-totalReached-unexplained, unexplained)
	fmt.Fprintf(&t, "| why not | statements |\n|---|---:|\n")
	for _, m := range reasons {
		n := 0
		for _, p := range m.patterns {
			n += p.statements
			if p.statements == 0 && !m.seldom() {
				idle = append(idle, p.text)
			}
		}
		if n > 0 {
			fmt.Fprintf(&t, "| %s | %d |\n", m.why, n)
		}
	}
	if unexplained > 0 {
		fmt.Fprintf(&t, "\n| not explained | function | statements |\n|---|---|---:|\n%s", rest.String())
	}
	fmt.Fprintf(&t, "\n| file | statements | reached |\n|---|---:|---:|\n")
	for _, f := range files {
		fmt.Fprintf(&t, "| `%s` | %d | %d %% |\n", f, all[f], reached[f]*100/max(all[f], 1))
	}
	return t.String(), unexplained, idle
}

// reason is why programs of the language do not come to some places.
type reason struct {
	why    string
	places []string // patterns of "file function"
}

// slow ends the reasons for what a slow machine comes to: when the end of a program takes
// more than a second, the library asks itself who is still there. It may leave nothing to explain.
const slow = " (a slow machine comes to some of that)"

// rare ends the reasons for what not every run comes to. It may leave nothing to explain.
const rare = " (seldom)"

// matcher is a reason with how much it explains.
type matcher struct {
	why      string
	patterns []*placePattern
}

// seldom reports whether it may have nothing to explain.
func (m *matcher) seldom() bool {
	return strings.HasSuffix(m.why, slow) || strings.HasSuffix(m.why, rare)
}

type placePattern struct {
	text       string
	re         *regexp.Regexp
	statements int // of the blocks that this is the first to match
}

func compile(reasons []reason) (all []*matcher) {
	for _, r := range reasons {
		m := &matcher{why: r.why}
		for _, text := range r.places {
			m.patterns = append(m.patterns, &placePattern{text: text, re: regexp.MustCompile("^(?:" + text + ")$")})
		}
		all = append(all, m)
	}
	return all
}

// explain has the first pattern that matches a block which is not reached count it, and
// reports whether there is one.
func explain(b difftest.Block, reasons []*matcher) bool {
	for _, m := range reasons {
		for _, p := range m.patterns {
			if p.re.MatchString(b.File + " " + b.Func) {
				p.statements += b.Statements
				return true
			}
		}
	}
	return false
}
