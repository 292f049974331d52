//go:build !race

package testutil

// RaceEnabled tells tests to make less; see race_on.go.
const RaceEnabled = false
