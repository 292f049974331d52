// Command hashtree prints the SHA-256 of every file under a directory, in
// parallel, as sha256sum would.
//
//	cd examples/hashtree && go run . DIR
//
// It is a small program with the shape of many larger ones: something is found
// faster than it can be worked on, the work runs in parallel, and the whole
// must show how far it is, survive what fails, and stop at once when told to.
// Each of these activities is an asyncio task, with one kind of handle:
//
//   - tree.go: a loop task walks the tree and starts a Go task for each file.
//     What they learn goes into plain variables: whatever touches those runs on
//     the loop, one at a time, so there is no lock in this program.
//   - hash.go: the Go task, on a goroutine of its own, free to block.
//   - progress.go: a loop task that draws, until it is cancelled.
//   - run.go: the command line, the output, the exit status.
package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program the hard way
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
