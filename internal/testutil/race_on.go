//go:build race

package testutil

// RaceEnabled tells tests to make less: the race detector takes ten times the
// memory and allows 8128 goroutines at a time, coroutines included.
const RaceEnabled = true
