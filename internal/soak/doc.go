// Package soak is a long test of everything at once:
//
//	go test -v -run TestSoak -timeout 2h ./internal/soak -soak 1h
//	for i in $(seq 20); do go test -race -v -run TestSoak ./internal/soak -soak 3m -seed $i || break; done
//
// Under the race detector an hour takes twenty processes: of each coroutine that has ended
// the detector keeps some 5 KB for ever (go1.26), which is 3 GB a minute here.
//
// Workers strike again and again, each time with a storm: a kind of trouble, in a file
// of its own (storm_*_test.go; the list is in storms_test.go). Some strikes make loops
// of their own and throw them away, others meet on a few loops that live as long as the
// soak. A strike ends when all that it has begun is over, within a minute, or the soak
// fails with a dump of who waits.
//
// Every error and every panic is inflicted on purpose and has a number: a wound. What a
// handler is told and what an await returns must be wounds, cancellations and refusals
// that the strike knows of; what must be heard must have been heard at the end of the
// strike, once, and what somebody was told must not.
//
// Every few seconds the workers pause. With nobody at work there must be no task left on
// any loop and as many goroutines as at the first pause, and memory is measured after
// collections: its floor may not rise over the soak.
//
// The flags: -soak is for how long, by default 8 s, and 15 if ASYNCIO_LONG is set; -seed repeats
// the choices, though not the interleaving; -storms names the storms to run, separated by commas; -workers is how
// many strike at a time.
package soak
