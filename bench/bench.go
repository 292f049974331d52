// Package bench holds the benchmarks that set asyncio beside other ways to do
// the same work in Go. They are in a module of their own, so that what they
// compare with never becomes a dependency of asyncio.
//
// Run them from this directory:
//
//	go test -run '^$' -bench . -benchmem
package bench
