package engine

import (
	"slices"
	"unsafe"
)

// Joint is a future that is completed by the ends of others. The engine knows of which,
// so that a request for cancellation finds its way to them, and an await that would
// close a circle is found: see closes. Whoever completes it does so by a Watch of each
// that names the joint: see completer.
type Joint struct {
	Future

	// Written once, before it is awaited.
	Need   Need
	Passes bool // a request is not for the joint, but goes on to the parts

	// Owner.
	hope    int32     // of a joint that needs any: the part to be looked at first
	Parts   []*Future // those that are waited for, of whichever loop; nil for the struck
	request *Request  // the first that was passed on, nil if none
}

// Need is how many of its parts end a joint.
type Need uint8

// What joints need.
const (
	All     Need = iota
	Any          // the first is enough
	Nothing      // it will end all the same, by a timer
)

// Init attaches a new joint to l.
func (j *Joint) Init(l *Loop) { j.loop, j.kind = l, kindJoint }

// Again makes a joint that was completed, and that nobody knows but who waits for it,
// one to wait for once more.
func (j *Joint) Again() { j.state, j.err, j.request = uint32(Pending), nil, nil }

// Strike takes note, for the owner, of the end of part i of a joint that needs any: it was
// not the one that is needed. None that is left may come then.
func (j *Joint) Strike(i int) {
	j.Parts[i] = nil
	if t, ok := j.listeners.(*Task); ok {
		t.joined()
	}
}

// ends reports whether a joint that needs any has had an end that is not struck: it is
// about to be completed by that.
func (j *Joint) ends() bool {
	return slices.ContainsFunc(j.Parts, func(f *Future) bool { return f != nil && f.Finished() })
}

// Request returns, to the owner, the first request that the parts were passed, nil if
// there was none. What came later changes nothing for who waits for their ends.
func (j *Joint) Request() *Request { return j.request }

func (f *Future) joint() *Joint {
	return (*Joint)(unsafe.Pointer(f)) // Future is the first field; kind was checked
}

// Members is what the end of a group waits for: the tasks that are in it, also those
// that come meanwhile. A request is for whoever waits.
type Members struct {
	Future
	of *Scope
}

// Init attaches it to a group.
func (m *Members) Init(of *Scope) { m.loop, m.kind, m.of = of.loop, kindMembers, of }

func (f *Future) members() *list {
	return &(*Members)(unsafe.Pointer(f)).of.members // Future is the first field; kind was checked
}
