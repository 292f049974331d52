package asyncio

import (
	"os"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Option is an option of Run, NewRunner and NewLoop. (the keyword arguments of asyncio.run)
type Option func(*options)

// options are what they set. Each stands with its subject; NewLoop takes them over.
type options struct {
	engine.Config
	grace   time.Duration
	drain   time.Duration
	signals []os.Signal
	handler func(*Loop, ExceptionContext)
	factory TaskFactory

	observers []Observer
}
