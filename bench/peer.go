package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ours is the name of this library among the peers.
const ours = "asyncio"

// floor is the peer that does only what lies underneath: it is there to be
// approached, and nobody wins against it.
const floor = "floor"

// A family is a language's peers; they share a colour.
type family int

const (
	familyOurs family = iota
	familyGo
	familyPython
	familyNode
	familyRust
	familyFloor
)

// A peer is a way to do the workloads, and a process that does them.
type peer struct {
	name   string // in the protocol
	title  string // for people
	family family
	source string // where its code is, below the directory of the bench
	hello  bool   // the start of its process is measured
	get    string // how to get what it needs
	find   func(ctx context.Context, dir string) (argv []string, err error)

	// Known once it has been found and started.
	argv    []string
	version string
	bases   []string
}

// runs tells whether the peer does a workload.
func (p *peer) runs(w workload) bool {
	if w.base == startup {
		return p.hello
	}
	return slices.Contains(p.bases, w.base)
}

// allPeers returns the peers there are. goWorker is the Go peers' program.
func allPeers(goWorker string) []*peer {
	const (
		pools  = "internal/worker/pools"
		python = "peers/python"
		tokio  = "peers/tokio"
	)
	inGo := func(name string) func(context.Context, string) ([]string, error) {
		return func(context.Context, string) ([]string, error) { return []string{goWorker, name}, nil }
	}
	return []*peer{
		{name: ours, title: "this library", family: familyOurs, source: "internal/worker/ours", hello: true, find: inGo(ours)},
		{name: floor, title: "floor", family: familyFloor, source: "internal/worker/floor", find: inGo(floor)},
		{name: "goroutines", title: "goroutines", family: familyGo, source: "internal/worker/goroutines", hello: true, find: inGo("goroutines")},
		{name: "errgroup", title: "errgroup", family: familyGo, source: pools, find: inGo("errgroup")},
		{name: "conc", title: "conc", family: familyGo, source: pools, find: inGo("conc")},
		{name: "pond", title: "pond", family: familyGo, source: pools, find: inGo("pond")},
		{name: "ants", title: "ants", family: familyGo, source: pools, find: inGo("ants")},
		{name: "tokio-ct", title: "tokio, current thread", family: familyRust, source: tokio, hello: true,
			find: findTokio("tokio-ct"), get: "apt-get install cargo librust-tokio-dev"},
		{name: "tokio-mt", title: "tokio, a thread per core", family: familyRust, source: tokio, hello: true,
			find: findTokio("tokio-mt"), get: "apt-get install cargo librust-tokio-dev"},
		{name: "node", title: "node", family: familyNode, source: "peers/node", hello: true,
			find: findNode, get: "apt-get install nodejs"},
		{name: "python-asyncio", title: "asyncio, CPython 3.13", family: familyPython, source: python, hello: true,
			find: findPython("asyncio", "import sys; assert sys.version_info[:2] == (3, 13)",
				[]string{"python3.13"}, []string{"python3"}, []string{"python3", "PYENV_VERSION=3.13.0"}),
			get: "apt-get install python3.13, or pyenv install 3.13.0"},
		{name: "uvloop", title: "uvloop", family: familyPython, source: python, hello: true,
			find: findPython("uvloop", "import uvloop", []string{"/usr/bin/python3"}, []string{"python3"}),
			get:  "apt-get install python3-uvloop"},
		{name: "trio", title: "trio", family: familyPython, source: python, hello: true,
			find: findPython("trio", "import trio", []string{"/usr/bin/python3"}, []string{"python3"}),
			get:  "apt-get install python3-trio"},
	}
}

// findPeers finds and starts the peers, so that each has told its version and
// its workloads. Those that are not to be had come back as lines that say how to
// get them.
func findPeers(ctx context.Context, dir string, peers []*peer) (found []*peer, missing []string) {
	for _, p := range peers {
		err := p.start(ctx, dir)
		switch {
		case err == nil:
			found = append(found, p)
		case p.get == "":
			missing = append(missing, fmt.Sprintf("%s: %v", p.name, err))
		default:
			missing = append(missing, fmt.Sprintf("%s: %v (%s)", p.name, err, p.get))
		}
	}
	return found, missing
}

func (p *peer) start(ctx context.Context, dir string) error {
	argv, err := p.find(ctx, dir)
	if err != nil {
		return err
	}
	proc, hi, err := startProcess(ctx, argv, patience)
	if err != nil {
		return err
	}
	proc.stop()
	p.argv, p.version, p.bases = argv, hi.Version, hi.Workloads
	return nil
}

// findPython looks for a python that can run check, and serves peer with it. A
// candidate is a command and the variable that it is run with. The interpreter
// itself is what is started then: pyenv's shims are scripts whose time is not
// Python's.
func findPython(peer, check string, candidates ...[]string) func(context.Context, string) ([]string, error) {
	return func(ctx context.Context, dir string) ([]string, error) {
		for _, c := range candidates {
			cmd := exec.CommandContext(ctx, c[0], "-c", check+"; import sys; print(sys.executable)")
			cmd.Env = append(os.Environ(), c[1:]...)
			if out, err := cmd.Output(); err == nil {
				return []string{strings.TrimSpace(string(out)), filepath.Join(dir, "peers/python/worker.py"), peer}, nil
			}
		}
		return nil, errors.New("no such python is installed")
	}
}

func findNode(_ context.Context, dir string) ([]string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("node is not installed")
	}
	return []string{node, filepath.Join(dir, "peers/node/worker.mjs")}, nil
}

// findTokio builds the Rust worker from what is on the machine: Debian's crates
// or those that cargo has fetched before.
func findTokio(peer string) func(context.Context, string) ([]string, error) {
	return func(ctx context.Context, dir string) ([]string, error) {
		cargo, err := exec.LookPath("cargo")
		if err != nil {
			return nil, errors.New("cargo is not installed")
		}
		target := filepath.Join(dir, "peers/tokio/target")
		cmd := exec.CommandContext(ctx, cargo, "build", "--release", "--offline", "--quiet", "--target-dir", target)
		cmd.Dir = filepath.Join(dir, "peers/tokio")
		if out, err := cmd.CombinedOutput(); err != nil {
			first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
			return nil, fmt.Errorf("cargo build: %w: %s", err, first)
		}
		return []string{filepath.Join(target, "release/worker"), peer}, nil
	}
}
