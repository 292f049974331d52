package engine

import "time"

// Anchor makes the type it is embedded in as a context one with a scope.
type Anchor struct{ scope *Scope }

// AnchorTo returns the anchor for s.
func AnchorTo(s *Scope) Anchor { return Anchor{s} }

func (a *Anchor) anchor() *Scope {
	if a.scope == nil {
		panic("asyncio: a zero TaskGroup: use the one that WithTaskGroup gives to its body")
	}
	return a.scope
}

func (a *Anchor) location() location { return a.anchor().at }

// Deadline is that of the scope.
func (a *Anchor) Deadline() (time.Time, bool) { return a.anchor().Deadline() }

// Done is that of the scope.
func (a *Anchor) Done() <-chan struct{} { return a.anchor().Done() }

// Err is that of the scope.
func (a *Anchor) Err() error { return a.anchor().Err() }

// Value is that of the scope.
func (a *Anchor) Value(key any) any { return a.anchor().Value(key) }
