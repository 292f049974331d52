package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// number writes a figure with two or three digits that count, or all the whole
// ones, thousands apart.
func number(v float64) string {
	switch {
	case v >= 999.5:
		s := strconv.FormatFloat(v, 'f', 0, 64)
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.0995 || v == 0:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// compared says what a peer is next to this library, given by how many times as
// much it takes.
func compared(times float64, unit string) string {
	more, less := "slower", "faster"
	if unit == "bytes" {
		more, less = "larger", "smaller"
	}
	if times < 1 {
		times, more = 1/times, less
	}
	if number(times) == number(1) {
		return "the same"
	}
	return number(times) + " × " + more
}

// A row is what one peer came to in one workload.
type row struct {
	peer             *peer
	median, spread   string
	against, further string
}

// rows returns a row for each peer that did a workload.
func (r *results) rows(w workload) []row {
	var all []row
	for _, p := range r.peers {
		s := r.all[pair{w.name(), p.name}]
		if len(s) == 0 {
			continue
		}
		line := row{peer: p, median: number(s.median()), spread: fmt.Sprintf("± %.0f %%", 100*s.spread())}
		if p.name == ours {
			line.against = "–"
		} else if q, ok := r.against(w, p.name); ok {
			line.against = compared(q.paired, w.unit())
		}
		var further []string
		names, medians := s.others(w.value)
		for i, name := range names {
			further = append(further, name+" "+number(medians[i]))
		}
		line.further = strings.Join(further, ", ")
		all = append(all, line)
	}
	return all
}

// printTables writes a table for each workload, for a terminal.
func (r *results) printTables(out io.Writer) error {
	for _, w := range r.workloads {
		rows := r.rows(w)
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n%s: %s\n", w.name(), w.op)
		t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "peer\t%s\tspread\tagainst this library\t\n", w.unit())
		for _, line := range rows {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", line.peer.name, line.median, line.spread, line.against, line.further)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// printGoals writes what came of the goals, for a terminal.
func (r *results) printGoals(out io.Writer, verdicts []verdict) error {
	fmt.Fprintln(out, "\ngoals")
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, v := range verdicts {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", v.workload, v.asks(v.peer, v.about.unit()), v.measuredAs(), v.state())
	}
	return t.Flush()
}

func (v verdict) measuredAs() string {
	if !v.measured {
		return "–"
	}
	return number(v.ratio.paired)
}

func (v verdict) state() string {
	switch {
	case !v.measured:
		return "not measured"
	case v.met:
		return "met"
	}
	return "not met"
}
