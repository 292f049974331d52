// Package difftest makes random programs, runs them on the Go library and on CPython,
// and makes those on which the two differ small.
package difftest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"
)

// Oracle is a CPython that runs programs. It is for one goroutine at a time.
type Oracle struct {
	Version string // as in "3.13.0"
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// StartOracle starts the oracle with an interpreter: the command of a CPython, or
// "pyodide" for the one that the npm package of that name brings (see the README). dir
// is the directory of the oracle.
func StartOracle(interpreter, dir string, stderr io.Writer) (*Oracle, error) {
	args := []string{interpreter, filepath.Join(dir, "oracle.py")}
	if interpreter == "pyodide" {
		args = []string{"node", filepath.Join(dir, "pyodide.mjs")}
	}
	o := &Oracle{cmd: exec.Command(args[0], append(args[1:], "--serve-checked")...)}
	o.cmd.Stderr = stderr
	var err error
	if o.in, err = o.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o.out = bufio.NewReaderSize(out, 1<<20)
	if err := o.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", interpreter, err)
	}
	var hello struct{ Version string }
	if err := o.read(&hello); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", interpreter, err), o.Close())
	}
	o.Version = hello.Version
	return o, nil
}

// Close ends the oracle.
func (o *Oracle) Close() error {
	return errors.Join(o.in.Close(), o.cmd.Wait())
}

// Traces runs programs, given as JSON, and returns their traces. An error of the oracle
// stands in place of the trace.
func (o *Oracle) Traces(programs [][]byte) ([][]string, error) {
	sent := make(chan error, 1)
	go func() {
		w := bufio.NewWriterSize(o.in, 1<<20)
		for _, p := range programs {
			if _, err := w.Write(append(p, '\n')); err != nil {
				sent <- err
				return
			}
		}
		sent <- w.Flush()
	}()
	traces := make([][]string, len(programs))
	for i := range programs {
		var answer struct {
			Trace []string
			Error string
		}
		if err := o.read(&answer); err != nil {
			return nil, fmt.Errorf("%w, at\n%s", err, programs[i])
		}
		if answer.Error != "" {
			answer.Trace = []string{"oracle: " + answer.Error}
		}
		traces[i] = answer.Trace
	}
	return traces, <-sent
}

// patience is how long an oracle may take to answer.
const patience = 2 * time.Minute

// read reads a line of the oracle.
func (o *Oracle) read(v any) error {
	late := time.AfterFunc(patience, func() { _ = o.cmd.Process.Kill() })
	line, err := o.out.ReadBytes('\n')
	if !late.Stop() {
		return fmt.Errorf("the oracle has not answered for %v", patience)
	}
	if err != nil {
		return fmt.Errorf("the oracle has died: %w", err)
	}
	return json.Unmarshal(line, v)
}
