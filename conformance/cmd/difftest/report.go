package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
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
	text, unexplained := coverageTables(blocks)
	err = conformance.WriteSection(c.report, "coverage", text)
	if unexplained > 0 {
		err = errors.Join(err, fmt.Errorf("%d statements are neither reached nor explained: see %s", unexplained, c.report))
	}
	return err
}

// coverageTables is how much of each file was reached, and why the rest was not.
func coverageTables(blocks []difftest.Block) (text string, unexplained int) {
	var files []string
	all, reached := map[string]int{}, map[string]int{}
	why := make([]int, len(unreached))
	var rest strings.Builder
	total, totalReached := 0, 0
	for _, b := range blocks {
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
		if i := explain(b); i >= 0 {
			why[i] += b.Statements
		} else {
			unexplained += b.Statements
			fmt.Fprintf(&rest, "| `%s:%d` | `%s` | %d |\n", b.File, b.Line, b.Func, b.Statements)
		}
	}
	var t strings.Builder
	fmt.Fprintf(&t, "Of %d statements %d were reached; %d are not reached for a reason below, %d for none.\n\n",
		total, totalReached, total-totalReached-unexplained, unexplained)
	fmt.Fprintf(&t, "| why not | statements |\n|---|---:|\n")
	for i, n := range why {
		if n > 0 {
			fmt.Fprintf(&t, "| %s | %d |\n", unreached[i].why, n)
		}
	}
	if unexplained > 0 {
		fmt.Fprintf(&t, "\n| not explained | function | statements |\n|---|---|---:|\n%s", rest.String())
	}
	fmt.Fprintf(&t, "\n| file | statements | reached |\n|---|---:|---:|\n")
	for _, f := range files {
		fmt.Fprintf(&t, "| `%s` | %d | %d %% |\n", f, all[f], reached[f]*100/max(all[f], 1))
	}
	return t.String(), unexplained
}

// reason is why programs of the language do not come to some places.
type reason struct {
	why    string
	places []string // patterns of "file function"
}

// explain returns which of unreached says why a block is not reached, -1 for none.
func explain(b difftest.Block) int {
	return slices.IndexFunc(unreached, func(r reason) bool {
		return slices.ContainsFunc(r.places, func(pattern string) bool {
			return regexp.MustCompile("^(?:" + pattern + ")$").MatchString(b.File + " " + b.Func)
		})
	})
}
