package coro

// exchange gives a coroutine a seat that is made of two channels. Who has called Next
// waits for one of them, who has called Yield for the other, and each wakes the other's
// caller. The goroutine ends a moment after who sits in its seat was woken.
func exchange(c *Coro, body Body) {
	outer, inner := make(chan struct{}, 1), make(chan struct{}, 1)
	begun := false
	c.Next = func() (v struct{}, ok bool) {
		if begun {
			inner <- v
		} else {
			begun = true
			go func() {
				defer func() { // also after Goexit
					if c.Inner {
						outer <- v
					} else {
						inner <- v
					}
				}()
				c.G = G()
				body.Main()
			}()
		}
		<-outer
		return v, true
	}
	c.Yield = func(v struct{}) bool {
		outer <- v
		<-inner
		return true
	}
}
