package coro

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStackIsThatOfTheGoroutineAlone: what GODEBUG=tracebackancestors adds, and remarks
// between the frames, are no frames.
func TestStackIsThatOfTheGoroutineAlone(t *testing.T) {
	block := strings.Join([]string{
		"goroutine 7 [chan receive]:",
		"a.f(0x1, {0x2, 0x3})", "\t/a/f.go:10 +0x1d",
		"...3 frames elided...",
		"a.(*T).g(...)", "\t/a/g.go:20",
		"created by a.h in goroutine 1", "\t/a/h.go:30 +0x25",
		"[originating from goroutine 1]:",
		"a.h(...)", "\t/a/h.go:31 +0x1d",
		"main.main()", "\t/a/main.go:1 +0x25",
	}, "\n")
	var got []string
	for _, f := range Parse(block) {
		got = append(got, f.Function+" "+f.File)
	}
	if want := []string{"a.f /a/f.go", "a.(*T).g /a/g.go", "a.h /a/h.go"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLookingAtAllGoroutinesIsRateLimited: what is spent comes back at one per cent of the
// time, and there is never more than so much at once.
func TestLookingAtAllGoroutinesIsRateLimited(t *testing.T) {
	p := purse{left: -time.Second, last: time.Now().Add(-time.Minute)}
	if left := p.open(); left < -400*time.Millisecond || left > -399*time.Millisecond {
		t.Errorf("%v are left after a minute, want -400 ms", left)
	}
	p.last = time.Now().Add(-time.Hour)
	if left := p.open(); left != mostLeft {
		t.Errorf("%v are left after an hour, want %v", left, mostLeft)
	}
}

// TestTooManyGoroutinesAreNotDumped: not for a test either, and not if nothing was spent.
func TestTooManyGoroutinesAreNotDumped(t *testing.T) {
	before, left := each, dumps.left
	defer func() { each, dumps.left = before, left }()
	for _, test := range []bool{false, true} {
		each, dumps.left = time.Microsecond, mostLeft
		if _, ok := dump(test); !ok {
			t.Errorf("test %t: few are not dumped", test)
		}
		each = mostDump // for the goroutine of this test is not the only one
		if _, ok := dump(test); ok {
			t.Errorf("test %t: all are dumped though it takes too long", test)
		}
	}
}

// TestProfileFindsAGoroutineByItsFunctions: without its name it can be told by what is on
// its stack, if no other is there at another place.
func TestProfileFindsAGoroutineByItsFunctions(t *testing.T) {
	at, release := make(chan uintptr), make(chan struct{})
	profiles.left = mostLeft
	defer func() { profiles.left = mostLeft }()
	for range 3 {
		go waitHere(at, release, make(chan struct{}))
		<-at
	}
	find := func(s Sought) (names []string) {
		for _, f := range s.profiled() {
			names = append(names, f.Function)
		}
		return names
	}
	until := time.Now().Add(10 * time.Second)
	for !slices.ContainsFunc(find(Sought{Under: "coro.waitHere"}), func(s string) bool { return s == "runtime.chanrecv1" }) {
		if time.Now().After(until) { // all three are to get there
			t.Fatal(find(Sought{Under: "coro.waitHere"}))
		}
		profiles.left = mostLeft
	}
	if got := find(Sought{Under: "coro.waitHere", Func: "coro.nobody"}); got != nil {
		t.Error("found without the function:", got)
	}
	close(release)
}
