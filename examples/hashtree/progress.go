package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/schollz/progressbar/v3"
)

// progress draws how far the report is, ten times a second, and wipes it all
// when the task is cancelled. The total is not known before the walk has ended,
// so the bar shows what was done and how fast.
func progress(ctx context.Context, w io.Writer, r *report) error {
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowBytes(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetSpinnerChangeInterval(0), // it turns when drawn: no goroutine of its own
	)
	defer bar.Finish() //nolint:errcheck // if the terminal is gone, nobody misses the bar
	for {
		bar.Describe(fmt.Sprintf("%d files", len(r.lines)))
		if err := bar.Set64(r.bytes); err != nil {
			return err
		}
		if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
