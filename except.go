package asyncio

import "github.com/asyncio-go/asyncio/internal/errwalk"

// Except reports whether err is target for errors.Is, but does not look into a
// *[GroupError]: the failure of a task in a group is not the error of who has waited for
// the group. It is Python's except, where errors.Is is except*. Ask it where the two mean
// different things: "has my time run out", which a group in the body that fails with a
// timeout of one of its tasks is not. Errors joined or wrapped by others are looked into,
// and target may be a *GroupError itself.
//
// An error whose own methods panic, or that wraps itself without an end, is not target. It
// may be called from any goroutine. (the except clause, as in except TimeoutError)
func Except(err, target error) bool {
	found := false
	whole := errwalk.Walk(err, func(err error) (deeper, on bool) {
		found = errwalk.Matches(err, target)
		_, group := err.(*GroupError) //nolint:errorlint // errwalk looks deeper
		return !group, !found
	})
	return found && whole
}
