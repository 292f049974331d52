package asyncio

import (
	"context"
	"slices"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// holders are those who hold one of several places, for the engine's picture of who waits for
// whom. They are kept only on loops under test and in debug mode: anywhere else the one who takes
// a free place would pay for it.
type holders struct {
	tasks []*engine.Task
	vague bool // somebody else has released for one of several: it is not known for whom
}

// mostHolders bounds who is kept account of.
const mostHolders = 1 << 10

func (h *holders) add(ctx context.Context) {
	if t, ok := engine.Observed(ctx); ok {
		h.note(t)
	}
}

func (h *holders) note(t *engine.Task) {
	if len(h.tasks) < mostHolders {
		h.tasks = append(h.tasks, t)
	}
}

// remove takes the caller off, or the first if it is none of them.
func (h *holders) remove() {
	if len(h.tasks) > 0 {
		h.strike()
	}
}

func (h *holders) strike() {
	i := slices.Index(h.tasks, engine.Here())
	h.vague = (h.vague || i < 0) && len(h.tasks) > 1
	i = max(0, i)
	h.tasks = slices.Delete(h.tasks, i, i+1)
}

// all returns them, for each place one, and whether they hold all places, if so many are taken.
func (h *holders) all(taken int) (tasks []*engine.Task, whole bool) {
	return slices.Clone(h.tasks), !h.vague && taken > 0 && len(h.tasks) == taken
}
