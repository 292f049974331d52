package main

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio/asynciotest"
)

// report writes all that was measured.
func report(out io.Writer, w wants, all []*measured, c cost) {
	fmt.Fprintf(out, `# Classic bugs, and what asynciotest finds of them

%d bugs, each a small program beside a twin in which it is fixed: see the Go files here. This
page is the output of

	%s

with %s on %s/%s, %d processors. Nothing in it is typed by hand.

## The bugs

How often the program fails in %s runs in the loop's own order, as what asynciotest reports it in
others, and how many times the failing schedule departs from the loop's own when it has been
shrunk: the least and the most over all searches.

`, len(all), w.command, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), number(w.repeats))
	t := table{out}
	t.head("bug", "what goes wrong", "in the loop's own order", "found as", "departures")
	for _, m := range all {
		t.row(m.bug.Name, m.bug.What, times(m.ownOrder), strings.Join(m.kinds, ", "), span(m.departures))
	}
	writeFinding(out, w, all)
	writeTwins(out, w, all)
	fmt.Fprintf(out, `
## The cost

A schedule of a program in which two tasks switch ten times (%.1f steps): %s schedules per second
on one core, the median of five searches with %s schedules each.
`, c.steps, number(int(c.persecond)), number(c.schedules))
}

func writeFinding(out io.Writer, w wants, all []*measured) {
	fmt.Fprintf(out, `
## Until it is found

How many schedules it takes, with each strategy: the median of %d seeds and, in parentheses, the
most. A search has %s.

`, w.seeds, number(w.schedules))
	t := table{out}
	heads := []string{"bug"}
	for _, s := range strategies {
		heads = append(heads, s.String())
	}
	t.head(heads...)
	for _, m := range all {
		cells := []string{m.bug.Name}
		for _, f := range m.found {
			cell := fmt.Sprintf("%s (%s)", number(median(f.schedules)), number(f.schedules[len(f.schedules)-1]))
			if f.missed > 0 {
				cell += fmt.Sprintf(", %d missed", f.missed)
			}
			cells = append(cells, cell)
		}
		t.row(cells...)
	}
	fmt.Fprintf(out, `
How long it takes until the failure is reported, with shrinking and the story of the schedule, in
milliseconds: the median and the most.

`)
	t.head(heads...)
	for _, m := range all {
		cells := []string{m.bug.Name}
		for _, f := range m.found {
			cells = append(cells, fmt.Sprintf("%s (%s)", milliseconds(median(f.times)), milliseconds(f.times[len(f.times)-1])))
		}
		t.row(cells...)
	}
}

func writeTwins(out io.Writer, w wants, all []*measured) {
	fmt.Fprintf(out, `
## The fixed twins

Each is given %s schedules of mixed, and as many of exhaustive, or all if there are fewer.

`, number(w.fixed))
	t := table{out}
	t.head("twin of", "mixed", "of them distinct", "exhaustive", "accused")
	for _, m := range all {
		accused := 0
		for _, r := range []asynciotest.Report{m.mixed, m.exhaustive} {
			if r.Failure != nil {
				accused++
			}
		}
		exhaustive := number(m.exhaustive.Schedules)
		if m.exhaustive.Complete {
			exhaustive = "all " + exhaustive
		}
		t.row(m.bug.Name, number(m.mixed.Schedules), number(m.mixed.Distinct), exhaustive, times(accused))
	}
}

// table is one in Markdown.
type table struct{ out io.Writer }

func (t table) row(cells ...string) { fmt.Fprintf(t.out, "| %s |\n", strings.Join(cells, " | ")) }

func (t table) head(cells ...string) {
	t.row(cells...)
	fmt.Fprintf(t.out, "|%s\n", strings.Repeat("---|", len(cells)))
}

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return number(n) + " times"
}

// span is from the first to the last of sorted numbers.
func span(sorted []int) string {
	if len(sorted) == 0 {
		return "none"
	}
	first, last := sorted[0], sorted[len(sorted)-1]
	if first == last {
		return number(first)
	}
	return number(first) + " to " + number(last)
}

func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64)
}
