//go:build race

package corpus_test

const (
	seeds    = 1
	repeats  = 20
	fixedFor = 300
)
