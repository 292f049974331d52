package coro_test

import (
	"testing"
	"testing/synctest"

	"github.com/asyncio-go/asyncio/internal/coro"
)

func TestInBubble(t *testing.T) {
	if coro.InBubble() {
		t.Error("in a bubble outside of one")
	}
	synctest.Test(t, func(t *testing.T) {
		done := make(chan bool)
		go func() { done <- coro.InBubble() }()
		if !coro.InBubble() || !<-done {
			t.Error("not in a bubble inside of one")
		}
	})
}

func BenchmarkInBubble(b *testing.B) {
	for b.Loop() {
		coro.InBubble()
	}
}
