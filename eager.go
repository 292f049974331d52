package asyncio

// Eager is an option of CreateTask that makes it take the task's first step at once, before it
// returns, if it is called on the running loop; elsewhere the task starts as soon as the loop
// is told. If the coroutine ends without a wait the task comes back done. [CurrentTask] is the
// new task until it waits, and then the creator again. A task of [Go] has its goroutine
// started at once. (eager_start=True)
func Eager() TaskOption {
	return func(o *taskOptions) { o.eager = true }
}

// EagerTaskFactory is the TaskFactory that makes every task [Eager].
// (asyncio.eager_task_factory)
func EagerTaskFactory(_ *Loop, create func(opts ...TaskOption) AnyTask) { create(Eager()) }
