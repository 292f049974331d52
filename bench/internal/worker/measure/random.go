package measure

import (
	"math/rand/v2"
	"time"
)

// Delays returns n times from least to most at random, the same in every run.
func Delays(n int, least, most time.Duration) []time.Duration {
	r := rand.New(rand.NewPCG(1, 2))
	delays := make([]time.Duration, n)
	for i := range delays {
		delays[i] = least + time.Duration(r.Int64N(int64(most-least)))
	}
	return delays
}

// Order returns the numbers below n in a random order, the same in every run.
func Order(n int) []int { return rand.New(rand.NewPCG(3, 4)).Perm(n) }
