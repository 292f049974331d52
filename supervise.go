package asyncio

import (
	"runtime/debug"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Supervise has the failures of tasks no longer end the group: neither the other tasks nor the body
// are cancelled. It may be called at any time; a failure that the group had heard of by then, which it
// does a turn after it, has ended the group already. (not in asyncio)
//
// With nil they are kept, and WithTaskGroup returns them all in a *GroupError when all have
// ended. With a function it is told of each, in the order in which the tasks end, and they are not in
// that error: they count as seen. onFailure is called on the loop, must not block or await, and may
// create another task in the place of the one that has failed, unless others wait for a place under a
// limit (it comes back with ErrNotInTask then), or call [TaskGroup.Cancel]. A panic in it goes to the
// exception handler. A later call changes what becomes of failures from then on.
//
// All else is as ever: an error that body returns, a cancellation of the calling task, and Cancel end the
// group. What then fails is told or kept too.
func (tg *TaskGroup) Supervise(onFailure func(t AnyTask, err error)) {
	tg.made().Do(func() { tg.supervised, tg.onFailure = true, onFailure })
}

// tell tells of the failure of t.
func (tg *TaskGroup) tell(t *engine.Task, err error) {
	defer func() {
		if v := recover(); v != nil {
			tg.loop.Report(engine.Report{
				Message: "panic in the function given to TaskGroup.Supervise", Err: panicked(v, debug.Stack()), Task: t,
			})
		}
	}()
	_ = t.Outcome()
	tg.onFailure(t.Face().(AnyTask), err)
}
