package asyncio

import "github.com/asyncio-go/asyncio/internal/engine"

// watching is the future that the ends of others complete, of each of which it is told. It
// belongs to the loop of the first; all but the future is for its owner.
type watching struct {
	engine.Joint
	each []watched // by the indices of Parts
}

// watched is one of them.
type watched struct {
	engine.Watch
	f     *engine.Future // as it was given
	near  *engine.Future // on this loop; nil if there is nothing to let go of
	leave func()         // nil if f is of this loop
}

// init makes it one of these. Nobody is watched yet.
func (w *watching) init(fs []*engine.Future, role engine.Role) {
	w.Init(fs[0].Loop())
	w.Play(role)
	w.Parts, w.each = fs, make([]watched, len(fs))
}

// find looks for the i-th on the loop.
func (w *watching) find(i int) *watched {
	x := &w.each[i]
	x.f = w.Parts[i]
	x.near, x.leave = w.Loop().Near(x.f)
	return x
}

// letGo has the i-th tell no more.
func (w *watching) letGo(i int) {
	x := &w.each[i]
	if x.near == nil {
		return
	}
	x.Stop(x.near)
	if x.leave != nil {
		x.leave()
	}
}

// Completes is for the engine's picture of who waits for whom.
func (w *watching) Completes() *engine.Future { return &w.Future }

// complete ends it, unless it has ended.
func (w *watching) complete(err error) {
	if !w.Claim() {
		return
	}
	s := engine.Succeeded
	if err != nil {
		s = engine.Failed
	}
	w.Settle(s, err)
}
