package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/asyncio-go/asyncio/conformance"
)

// report prints the table, and returns an error if something was not caught.
func (c *config) report(mutants []mutant, results []result) error {
	rows := [][]string{{"mutant", "what is wrong", "test", "recorded", "live"}}
	caught := make([]int, 3)
	var missed, failed []string
	for i, m := range mutants {
		r := results[i]
		if r.err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", m.name, r.err))
			continue
		}
		by := []string{r.test, r.replay, r.live}
		row := []string{m.name, m.wrong}
		for k, s := range by {
			if s != "" {
				caught[k]++
			}
			row = append(row, orDash(s))
		}
		rows = append(rows, row)
		if !r.caught() {
			missed = append(missed, m.name)
		}
	}
	tried := len(mutants) - len(failed)
	rows = append(rows, []string{"caught", fmt.Sprintf("%d of %d", tried-len(missed), tried),
		fmt.Sprint(caught[0]), fmt.Sprint(caught[1]), fmt.Sprint(caught[2])})
	printPlain(rows)
	switch {
	case len(failed) > 0:
		return fmt.Errorf("%d mutants could not be tried\n%s", len(failed), strings.Join(failed, "\n"))
	case len(missed) > 0:
		return fmt.Errorf("nothing finds %s", strings.Join(missed, ", "))
	case c.reportFile != "":
		return conformance.WriteSection(c.reportFile, "mutants", markdown(rows))
	}
	return nil
}

func printPlain(rows [][]string) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush()
}

func markdown(rows [][]string) string {
	var t strings.Builder
	for i, row := range rows {
		for k, cell := range row {
			// Names, and what is said of them, have neither bars nor backquotes.
			if i > 0 && i < len(rows)-1 && k != 1 && cell != "-" {
				row[k] = "`" + cell + "`"
			}
		}
		fmt.Fprintf(&t, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintln(&t, "|---|---|---|---|---|")
		}
	}
	return t.String()
}
