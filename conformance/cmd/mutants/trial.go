package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// result is what each part of the proof says of a mutant: how it was caught, "" if it
// was not.
type result struct {
	test   string // the first to fail of those that the ledger names, or of its guards
	replay string // the first of the recorded programs that differs
	live   string // the first of the fresh ones
	err    error  // the mutant could not be tried
}

func (r result) caught() bool { return r.test != "" || r.replay != "" || r.live != "" }

func (r result) String() string {
	if r.err != nil {
		return "error: " + r.err.Error()
	}
	return fmt.Sprintf("test: %s, recorded: %s, live: %s", orDash(r.test), orDash(r.replay), orDash(r.live))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// test runs tests of a suite that was built in dir and returns how they fail, "" if they do
// not.
func (l *lab) test(dir string, s suite, pattern string, how func(output string) string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout+time.Minute) // the binary stops first
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, s.binary()), "-test.failfast", "-test.timeout", l.timeout.String(), "-test.run", pattern)
	cmd.Dir = filepath.Join(l.root, filepath.FromSlash(s.dir))
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	output := string(out)
	switch {
	case err == nil:
		return "", nil
	case ctx.Err() != nil:
		return "hang", nil
	case hanging.MatchString(output):
		return "hang " + hanging.FindStringSubmatch(output)[1], nil
	}
	if s := how(output); s != "" {
		return s, nil
	}
	if crashed(output) {
		return "crash", nil
	}
	return "", fmt.Errorf("the tests have ended by %w:\n%s", err, output)
}

var (
	hanging = regexp.MustCompile(`panic: test timed out[^\n]*\n\s*running tests:\n\s*(\S+)`)
	failing = regexp.MustCompile(`(?m)^ *--- FAIL: (\S+)`)
	differs = regexp.MustCompile(`^program (\d+) of seed \d+ differs`)
)

func crashed(output string) bool {
	return strings.Contains(output, "panic: ") || strings.Contains(output, "fatal error: ")
}

// firstFailure returns the first test to fail, with its subtest.
func firstFailure(output string) (name string) {
	for _, m := range failing.FindAllStringSubmatch(output, -1) {
		if name != "" && !strings.HasPrefix(m[1], name+"/") {
			break
		}
		name = m[1]
	}
	return name
}

// firstRecord returns which of the recorded programs a test's output shows.
func (l *lab) firstRecord(output string) string {
	for line := range strings.Lines(output) {
		if _, program, ok := strings.Cut(strings.TrimSpace(line), ": {"); ok {
			for i, r := range l.records {
				if string(r.Program) == "{"+program {
					return fmt.Sprint(i)
				}
			}
		}
	}
	return ""
}

// compare runs difftest until a program differs, and returns the number of that.
func (l *lab) compare(difftest string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, difftest, l.live...)
	cmd.Dir = l.root
	cmd.WaitDelay = time.Second
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	for s := bufio.NewScanner(out); s.Scan(); {
		if m := differs.FindStringSubmatch(s.Text()); m != nil {
			cancel() // the others do not matter
			_ = cmd.Wait()
			return m[1], nil
		}
	}
	err = cmd.Wait()
	switch output := errOut.String(); {
	case err == nil:
		return "", nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded), strings.Contains(output, "difftest: the Go library hangs"):
		return "hang", nil
	case crashed(output):
		return "crash", nil
	default:
		return "", fmt.Errorf("difftest has ended by %w:\n%s", err, output)
	}
}
