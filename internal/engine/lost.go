package engine

// Lost is what is known of a future that has failed when it may not exist any more. It
// is said in the same words when it does.
type Lost struct {
	Task    bool // it is one
	PC      uintptr
	err     error
	name    string
	id      uint64
	created *Creation
}

func (x *Lost) of(t *Task) {
	x.Task, x.PC, x.name, x.id, x.created = true, t.body.PC(), t.Name(), t.id, t.known().created
}

// Liken makes t, which was not started, look like the task that is lost.
func (x *Lost) Liken(t *Task, l *Loop, body Body) {
	t.loop, t.kind, t.body, t.phase, t.id = l, kindTask, body, destroyed, x.id
	if x.name != "" {
		t.SetName(x.name)
	}
	if x.created != nil {
		t.more().created = x.created
	}
	t.err, t.state = x.err, uint32(Succeeded)
	if x.err != nil {
		t.state = uint32(Failed)
	}
}

// String names it.
func (x *Lost) String() string {
	if !x.Task {
		return "future"
	}
	s := Label(x.name, x.id)
	if x.created != nil {
		if at := x.created.Frames(); len(at) > 0 {
			s += " (created at " + Position(at[0]) + ")"
		}
	}
	return s
}
