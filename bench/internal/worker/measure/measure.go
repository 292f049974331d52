// Package measure is what the Go peers of the bench have in common: how a
// workload is asked for and how what it took comes back.
package measure

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"time"
)

// Workloads are what a peer can do, by the names that all peers use.
type Workloads map[string]Func

// A Func does one workload. Between [M.Start] and [M.Stop] is what is measured.
type Func func(m *M) error

// Merge returns all of these workloads as one.
func Merge(some ...Workloads) Workloads {
	all := Workloads{}
	for _, w := range some {
		for name := range w {
			if all[name] != nil {
				panic("workload twice: " + name)
			}
		}
		maps.Copy(all, w)
	}
	return all
}

// A Request asks for one measurement.
type Request struct {
	Workload string `json:"workload"`
	Size     int    `json:"size"`
	Ops      int    `json:"ops"`
	Profile  string `json:"profile"` // where to write a CPU profile of it, if anywhere
}

// A Result is what a measurement came to.
type Result struct {
	NS     int64              `json:"ns"`
	Ops    int                `json:"ops"`
	Values map[string]float64 `json:"values,omitempty"`
}

// An M is one measurement that is being made.
type M struct {
	Ops  int // so many operations are wanted, one at least
	Size int // the workload's size, 1 if it has none

	profile *os.File
	err     error
	started time.Time
	result  Result
}

// Do makes a measurement. A panic in it comes back as an error, so that the
// worker can be asked on.
func (f Func) Do(r Request) (result Result, err error) {
	m := &M{Ops: max(1, r.Ops), Size: max(1, r.Size)}
	if r.Profile != "" {
		if m.profile, err = os.Create(r.Profile); err != nil {
			return Result{}, err
		}
		defer func() {
			pprof.StopCPUProfile() // if the workload has failed before it could
			err = errors.Join(err, m.profile.Close())
		}()
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	if err = errors.Join(f(m), m.err); err != nil {
		return Result{}, err
	}
	if m.result.Ops == 0 {
		return Result{}, errors.New("the workload has measured nothing")
	}
	return m.result, nil
}

// Rounds returns how many rounds of n operations there must be.
func (m *M) Rounds(n int) int { return (m.Ops + n - 1) / n }

// Start begins the measured part. The garbage of what came before is not in it.
func (m *M) Start() {
	runtime.GC()
	if m.profile != nil {
		m.err = pprof.StartCPUProfile(m.profile)
	}
	m.started = time.Now()
}

// Stop ends the measured part, in which so many operations were done.
func (m *M) Stop(ops int) {
	m.result.NS = max(1, time.Since(m.started).Nanoseconds())
	m.result.Ops = ops
	if m.profile != nil {
		pprof.StopCPUProfile()
	}
}

// Latencies ends the measured part if each operation has been timed by itself.
func (m *M) Latencies(took []time.Duration) {
	m.Stop(len(took))
	slices.Sort(took)
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	m.result.NS = max(1, sum.Nanoseconds())
	m.result.Values = map[string]float64{
		"p50": float64(took[len(took)/2]),
		"p99": float64(took[len(took)*99/100]),
	}
}

// Equal is the error of a workload that came to a wrong result.
func Equal(got, want int) error {
	if got != want {
		return fmt.Errorf("the workload came to %d and not to %d", got, want)
	}
	return nil
}
