//go:build !race

package asyncio_test

// raceEnabled tells tests to make less; see race_on_test.go.
const raceEnabled = false
