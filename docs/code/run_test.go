// The code of the pages. Each file is a recipe or a habit, and its Example is what the page
// shows of it.
package code_test

import (
	"context"
	"fmt"

	"github.com/asyncio-go/asyncio/asynciotest"
)

// run is asyncio.Main on the clock of a test, which jumps.
func run(f func(ctx context.Context) error) {
	if failure := asynciotest.Check(f); failure != nil {
		fmt.Println(failure.Text)
	}
}
