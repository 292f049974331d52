package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/asyncio-go/asyncio"
	"golang.org/x/term"
)

const usage = `usage: hashtree [flags] DIR

Prints a line for every regular file under DIR, byte for byte as

	export LC_ALL=C
	find DIR -type f -exec sha256sum {} + | sort -k2

would. Symbolic links are not followed. What could not be read is named on
standard error at the end. When it is interrupted or out of time, hashtree
prints what it has.

flags:
  --jobs N       hash N files at a time (default: the processors there are)
  --timeout D    stop after D, such as 90s or 5m (default: no limit)

exit status:
  0    every file was hashed
  1    something could not be read, or the output not be written
  2    the command line is wrong
  124  out of time
  130  interrupted
`

const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitTimeout     = 124 // as timeout(1) has it
	exitInterrupted = 130 // as a shell has it: 128 + SIGINT
)

// options is the command line.
type options struct {
	jobs    int
	timeout time.Duration // 0 is none
	root    string
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("hashtree", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&o.jobs, "jobs", runtime.GOMAXPROCS(0), "")
	flags.DurationVar(&o.timeout, "timeout", 0, "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() == 0:
		return o, errors.New("no directory given")
	case flags.NArg() > 1:
		return o, fmt.Errorf("one directory at a time, but %d were given", flags.NArg())
	case o.jobs < 1:
		return o, fmt.Errorf("--jobs must be at least 1, not %d", o.jobs)
	case o.timeout < 0:
		return o, fmt.Errorf("--timeout must not be negative, as %v is", o.timeout)
	}
	o.root = flags.Arg(0)
	return o, nil
}

// run is the program: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return runOn(ctx, osDisk, isTerminal, args, stdout, stderr)
}

// runOn is run with the outside world put in by hand.
func runOn(ctx context.Context, d disk, terminal func(io.Writer) bool, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "hashtree: %v\n\n%s", err, usage)
		return exitUsage
	}

	var bar io.Writer
	if terminal(stderr) {
		bar = stderr
	}
	found, runErr := hashTree(ctx, d, opts, bar)

	// The loop is gone, and with it all that wrote to found.
	status := exitOK
	if err := found.print(stdout); err != nil {
		fmt.Fprintf(stderr, "hashtree: %v\n", err)
		status = exitFailed
	}
	slices.SortFunc(found.failures, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	for _, err := range found.failures {
		fmt.Fprintf(stderr, "hashtree: %v\n", err)
		status = exitFailed
	}
	switch {
	case runErr == nil:
		return status
	case errors.Is(runErr, asyncio.ErrTimeout):
		fmt.Fprintf(stderr, "hashtree: out of time after %v, files hashed: %d\n", opts.timeout, len(found.lines))
		return exitTimeout
	case ctx.Err() != nil:
		fmt.Fprintf(stderr, "hashtree: interrupted, files hashed: %d\n", len(found.lines))
		return exitInterrupted
	default:
		fmt.Fprintf(stderr, "hashtree: %v\n", runErr)
		return exitFailed
	}
}

// print writes the lines in the order of sort -k2.
func (r *report) print(w io.Writer) error {
	slices.SortFunc(r.lines, func(a, b line) int { return cmp.Compare(a.name, b.name) })
	out := bufio.NewWriter(w)
	var text []byte
	for _, l := range r.lines {
		text = l.appendTo(text[:0])
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
	return out.Flush()
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
