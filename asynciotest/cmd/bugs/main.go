// Command bugs measures how asynciotest does on its corpus of classic bugs, and prints
// that as Markdown:
//
//	go run ./asynciotest/cmd/bugs
//
// Its exit status is 1 if a bug shows in the loop's own order, if some strategy does not
// find one within the schedules and the time that it has, or if a fixed twin is accused.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio/asynciotest/corpus"
)

// wants is how much is measured, and what must come of it.
type wants struct {
	seeds     int
	schedules int           // for each search
	within    time.Duration // of each search
	fixed     int           // schedules of a fixed twin
	repeats   int           // of the loop's own order
	cost      int           // schedules to measure what one costs
	command   string
}

func main() {
	var w wants
	var file string
	// A set of its own: that of the process has the flags of package asynciotest.
	flags := flag.NewFlagSet("bugs", flag.ExitOnError)
	flags.IntVar(&w.seeds, "seeds", 20, "how many searches there are with each strategy")
	flags.IntVar(&w.schedules, "schedules", 2000, "how many schedules a search has to find the bug")
	flags.DurationVar(&w.within, "within", 2*time.Second, "how long it may take")
	flags.IntVar(&w.fixed, "fixed", 100_000, "how many schedules a fixed twin has to pass")
	flags.IntVar(&w.repeats, "repeats", 1000, "how many times the loop's own order is run")
	flags.IntVar(&w.cost, "cost", 100_000, "how many schedules are run to measure what one costs")
	flags.StringVar(&file, "write", "", "the file to write to, besides the standard output")
	_ = flags.Parse(os.Args[1:]) // it exits
	w.command = strings.Join(append([]string{"go run ./asynciotest/cmd/bugs"}, os.Args[1:]...), " ")
	if err := run(w, file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run measures, reports, and returns what is not as it must be.
func run(w wants, file string) error {
	var all []*measured
	for _, b := range corpus.Bugs {
		m := w.measure(b)
		all = append(all, m)
		fmt.Fprintf(os.Stderr, "%s: %v\n", b.Name, m.took.Round(time.Millisecond))
	}
	var text bytes.Buffer
	report(&text, w, all, measureCost(w.cost))
	if _, err := os.Stdout.Write(text.Bytes()); err != nil {
		return err
	}
	if file != "" {
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	var wrong []string
	for _, m := range all {
		wrong = append(wrong, m.wrong...)
	}
	if wrong != nil {
		return fmt.Errorf("%d requirements are not met:\n%s", len(wrong), strings.Join(wrong, "\n"))
	}
	return nil
}
