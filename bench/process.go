package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// patience is how long a worker may take over one measurement.
const patience = 60 * time.Second

// A process is a running worker of a peer. It is asked one thing at a time, a
// line of JSON each way.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	timeout time.Duration
}

// ready is the line with which a worker begins.
type ready struct {
	Peer      string   `json:"peer"`
	Version   string   `json:"version"`
	Workloads []string `json:"workloads"`
}

// A request asks for one measurement.
type request struct {
	Workload string `json:"workload"`
	Size     int    `json:"size"`
	Ops      int    `json:"ops"`
	Profile  string `json:"profile,omitempty"` // where to write a CPU profile; Go workers only
}

// An answer is what a measurement came to.
type answer struct {
	NS     float64            `json:"ns"`
	Ops    float64            `json:"ops"`
	Values map[string]float64 `json:"values"`
	Error  string             `json:"error"`
}

// errRefused means that the worker answered, with an error: it can be asked on.
var errRefused = errors.New("the worker says")

// startProcess starts a worker and waits until it is ready.
func startProcess(ctx context.Context, argv []string, timeout time.Duration) (*process, ready, error) {
	p := &process{cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), timeout: timeout}
	p.cmd.Stderr = os.Stderr
	var out io.ReadCloser
	var hi ready
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, hi, err
	}
	if out, err = p.cmd.StdoutPipe(); err != nil {
		return nil, hi, err
	}
	p.out = bufio.NewReader(out)
	if err = p.cmd.Start(); err != nil {
		return nil, hi, err
	}
	if err = p.read(&hi); err != nil {
		p.kill()
		return nil, hi, fmt.Errorf("starting: %w", err)
	}
	return p, hi, nil
}

// ask has one measurement made. After an error that is not errRefused the
// process is gone.
func (p *process) ask(r request) (answer, error) {
	var a answer
	line, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	if _, err = p.in.Write(append(line, '\n')); err == nil {
		err = p.read(&a)
	}
	switch {
	case err != nil:
		p.kill()
		return a, err
	case a.Error != "":
		return a, fmt.Errorf("%w: %s", errRefused, a.Error)
	case a.Ops <= 0:
		return a, fmt.Errorf("%w: no operations were done", errRefused)
	}
	return a, nil
}

// read reads one line into v. A worker that lets its time pass is killed, which
// ends the read.
func (p *process) read(v any) error {
	late := time.AfterFunc(p.timeout, func() { _ = p.cmd.Process.Kill() })
	line, err := p.out.ReadBytes('\n')
	if !late.Stop() {
		return fmt.Errorf("no answer within %v", p.timeout)
	}
	if err != nil {
		return fmt.Errorf("the worker died: %w", err)
	}
	return json.Unmarshal(line, v)
}

// stop ends the worker by ending its input.
func (p *process) stop() {
	_ = p.in.Close()
	late := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	_ = p.cmd.Wait() // what it has measured stands, however it ends
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // the error that matters is the one that led here
}

// timeHello runs a command that prints hello, and tells how long that took from
// the start of the process to the line.
func timeHello(ctx context.Context, argv []string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], append(argv[1:len(argv):len(argv)], "--hello")...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err = cmd.Start(); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	took := time.Since(start)
	if ended := cmd.Wait(); err == nil {
		err = ended
	}
	if err == nil && strings.TrimSpace(line) != "hello" {
		err = fmt.Errorf("said %q instead of hello", line)
	}
	return took, err
}
