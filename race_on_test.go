//go:build race

package asyncio_test

// raceEnabled tells tests to make less: the race detector takes ten times the
// memory and allows 8128 goroutines at a time, coroutines included.
const raceEnabled = true
