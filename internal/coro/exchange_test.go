package coro

import (
	"runtime"
	"strings"
	"testing"
)

// TestExchangeIsASeat: three over channels pass the baton in a circle and are ended in
// either order, one by Goexit; one more ends before it has begun.
func TestExchangeIsASeat(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, backwards := range []bool{false, true} {
		b := outside()
		here := b.Holder
		var order strings.Builder
		var all [4]*body
		for i := range all {
			all[i] = &body{b: b, f: func(c *body) {
				defer order.WriteByte(byte('A' + i))
				for !c.Ending {
					order.WriteByte(byte('a' + i))
					to := here
					if i < 2 {
						to = &all[i+1].Coro
					}
					c.pass(to)
				}
				if i == 1 {
					runtime.Goexit()
				}
			}}
			all[i].in = &all[i].Coro
			exchange(&all[i].Coro, all[i])
		}
		for range 3 {
			b.Pass(&all[0].Coro)
		}
		want := "abcabcabcABCD"
		if backwards {
			want = "abcabcabcDCBA"
		}
		for i := range all {
			if backwards {
				i = len(all) - 1 - i
			}
			b.End(&all[i].Coro)
		}
		if got := order.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for runtime.NumGoroutine() > before { // they end by themselves
		runtime.Gosched()
	}
}
