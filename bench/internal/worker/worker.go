// Package worker is the Go peers of the bench and the protocol that they speak.
//
// A worker prints one line of JSON when it is ready,
//
//	{"peer":"asyncio","version":"...","workloads":["spawn_await",...]}
//
// and then answers each line that it reads,
//
//	{"workload":"spawn_gather","size":1000,"ops":100000,"profile":"cpu.pprof"}
//
// with one of its own: how long at least so many operations took, and other
// values if the workload has any, or what went wrong.
//
//	{"ns":12345678,"ops":100000}
//	{"ns":300000,"ops":300,"values":{"p50":810,"p99":2300}}
//	{"error":"..."}
//
// size, and profile, which is where to write a CPU profile of the measured part,
// can be left out.
package worker

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/asyncio-go/asyncio/bench/internal/worker/floor"
	"github.com/asyncio-go/asyncio/bench/internal/worker/goroutines"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
	"github.com/asyncio-go/asyncio/bench/internal/worker/ours"
	"github.com/asyncio-go/asyncio/bench/internal/worker/pools"
)

// A peer is a way to do the workloads in Go.
type peer struct {
	name      string
	module    string // whose version tells about the peer; "" is Go itself
	workloads measure.Workloads
	hello     func() error // the smallest program; nil if the start is not measured
}

func peers() []peer {
	return []peer{
		{"asyncio", "github.com/asyncio-go/asyncio", ours.Workloads(), ours.Hello},
		{"goroutines", "", goroutines.Workloads(), goroutines.Hello},
		{"errgroup", "golang.org/x/sync", pools.Errgroup, nil},
		{"conc", "github.com/sourcegraph/conc", pools.Conc, nil},
		{"pond", "github.com/alitto/pond/v2", pools.Pond, nil},
		{"ants", "github.com/panjf2000/ants/v2", pools.Ants, nil},
		{"floor", "", floor.Workloads, nil},
	}
}

// Peers returns the names of the peers.
func Peers() []string {
	var names []string
	for _, p := range peers() {
		names = append(names, p.name)
	}
	return names
}

// Main serves a peer on the standard input and output until the input ends. With
// hello it runs the peer's smallest program instead, which prints hello.
func Main(name string, hello bool) error {
	for _, p := range peers() {
		switch {
		case p.name != name:
		case !hello:
			return p.serve(os.Stdin, os.Stdout)
		case p.hello == nil:
			return fmt.Errorf("%s says no hello", name)
		default:
			return p.hello()
		}
	}
	return fmt.Errorf("there is no peer %q", name)
}

// serve answers the requests that it reads.
func (p peer) serve(in io.Reader, out io.Writer) error {
	say := json.NewEncoder(out)
	err := say.Encode(struct {
		Peer      string   `json:"peer"`
		Version   string   `json:"version"`
		Workloads []string `json:"workloads"`
	}{p.name, version(p.module), slices.Sorted(maps.Keys(p.workloads))})
	lines := bufio.NewScanner(in)
	for err == nil && lines.Scan() {
		result, failed := p.answer(lines.Bytes())
		if failed != nil {
			err = say.Encode(map[string]string{"error": failed.Error()})
		} else {
			err = say.Encode(result)
		}
	}
	if err != nil {
		return err
	}
	return lines.Err()
}

func (p peer) answer(line []byte) (measure.Result, error) {
	var r measure.Request
	if err := json.Unmarshal(line, &r); err != nil {
		return measure.Result{}, err
	}
	f := p.workloads[r.Workload]
	if f == nil {
		return measure.Result{}, fmt.Errorf("%s has no workload %q", p.name, r.Workload)
	}
	return f.Do(r)
}

// version tells which version of a module this program has, and of Go.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if module == "" || !ok {
		return runtime.Version()
	}
	found := "(devel)"
	for _, d := range info.Deps {
		if d.Path == module && d.Replace == nil {
			found = d.Version
		}
	}
	if found == "(devel)" { // it is in this very repository
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				found = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return found + ", " + runtime.Version()
}
