package asyncio

import (
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// WithVirtualClock runs the loop on a clock that jumps to the next timer when
// nothing can run. It starts at a fixed date.
func WithVirtualClock() Option {
	return func(o *options) {
		o.Driver = engine.NewVirtual(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	}
}
