package coro

import (
	"bytes"
	"runtime"
	"time"
)

// InBubble reports whether the caller is in a bubble of testing/synctest. What is made
// there must not be touched from outside: the runtime ends the process for it. The
// clock of a bubble has no monotonic part, so that outside of one the question costs
// as much as the time of day.
func InBubble() bool {
	now := time.Now()
	if now != now.Round(0) {
		return false
	}
	var buf [256]byte
	header, _, _ := bytes.Cut(buf[:runtime.Stack(buf[:], false)], []byte("\n"))
	return bytes.Contains(header, []byte("synctest bubble"))
}
