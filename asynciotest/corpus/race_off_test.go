//go:build !race

package corpus_test

// How much the tests try; less with the race detector, which is slow.
const (
	seeds    = 3
	repeats  = 200
	fixedFor = 5000
)
