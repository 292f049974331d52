package engine

// Witness is told what becomes of the tasks of a loop. Each that is created comes to its end
// once: first Created, then Asked for each request, then Ended, whether it has run, was refused,
// or is unwound. That is where the loop comes to it, on its owner's goroutine, but for a task that
// is refused where it was created. The functions are the face's, which sees to panics of users'.
//
// A loop without one has a nil, which start and end look at.
type Witness struct {
	// Created is called before anything else is done with a task. creator is the task whose
	// context it was created with, nil if none.
	Created func(t, creator *Task)
	// Asked is called when a request has come to a task that is not done.
	Asked func(*Task, *Request)
	// Ended is called when the outcome is there, before anybody is told.
	Ended func(*Task, State, error)
}

// witnessed is a new task on its way to its loop, with what the witness is to be told of it.
type witnessed struct {
	t, creator *Task
	eager      bool
}

func (w *witnessed) run(l *Loop) {
	if w.eager {
		l.takeInEagerly(w.t, w.creator)
	} else {
		l.takeInNew(w.t, w.creator)
	}
}

func (t *Task) tellCreated(creator *Task) {
	if w := t.loop.Witness; w != nil {
		w.Created(t, creator)
	}
}

// tellEnded tells the witness, and then those who wait, also if that exits the goroutine.
func (t *Task) tellEnded(s State, err error) {
	defer t.schedule(t.loop)
	t.loop.Witness.Ended(t, s, err)
}

// tellAsked tells the witness, if there is one, of a request.
func (l *Loop) tellAsked(t *Task, r *Request) {
	if l.Witness != nil {
		l.Witness.Asked(t, r)
	}
}
