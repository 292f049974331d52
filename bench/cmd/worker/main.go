// Command worker is one Go peer of the bench as a process, serving measurements
// on its standard input and output. The harness builds and starts it; by hand:
//
//	echo '{"workload":"spawn_await","ops":100000}' | go run ./cmd/worker asyncio
//
// It is a program of its own because what the harness links for its plots would
// be part of the start that is measured.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/asyncio-go/asyncio/bench/internal/worker"
)

func main() {
	hello := len(os.Args) == 3 && os.Args[2] == "--hello"
	if len(os.Args) != 2 && !hello {
		fmt.Fprintf(os.Stderr, "usage: worker PEER [--hello]\npeers: %s\n", strings.Join(worker.Peers(), " "))
		os.Exit(2)
	}
	if err := worker.Main(os.Args[1], hello); err != nil {
		fmt.Fprintf(os.Stderr, "worker %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
