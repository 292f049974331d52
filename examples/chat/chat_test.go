package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// robot is a member who says a line a second, hears one a millisecond, and remembers them.
type robot struct {
	lines, heard []string
	deaf         bool // he hears nothing
}

// meet has all of them in a room until they have gone.
func meet(ctx context.Context, all ...*robot) error {
	r := &room{}
	err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		for _, x := range all {
			says, hears := asyncio.NewQueue[string](1), asyncio.NewQueue[string](backlog)
			tg.CreateTask(func(ctx context.Context) error {
				defer says.Shutdown()
				for _, line := range x.lines {
					if err := asyncio.Sleep(ctx, time.Second); err != nil {
						return err
					}
					if says.Put(ctx, line) != nil {
						return nil // the session is over
					}
				}
				return nil
			}, asyncio.WithName("mouth of "+x.lines[0]))
			tg.CreateTask(func(ctx context.Context) error {
				defer says.Shutdown()
				defer hears.Shutdown()
				return r.serve(ctx, says, hears)
			}, asyncio.WithName("session of "+x.lines[0])).OnDone(func() {
				for line, err := hears.GetNoWait(); err == nil; line, err = hears.GetNoWait() {
					x.heard = append(x.heard, line)
				}
				says.Shutdown()
			})
			if !x.deaf {
				tg.CreateTask(func(ctx context.Context) error {
					for line, err := range hears.All(ctx) {
						if err != nil {
							return err
						}
						x.heard = append(x.heard, line)
						if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
							return err
						}
					}
					return nil
				}, asyncio.WithName("ear of "+x.lines[0]))
			}
		}
		return nil
	})
	if err == nil && len(r.members) > 0 {
		err = fmt.Errorf("%d are still there", len(r.members))
	}
	return err
}

func three() []*robot {
	return []*robot{
		{lines: []string{"ada", "1", "2", "/quit", "not heard"}},
		{lines: []string{"bob", "1", "2", "3"}},
		{lines: []string{"cleo", "1"}},
	}
}

// alike requires that any two have heard the same between what both have heard.
func alike(all []*robot) error {
	for _, x := range all {
		x.heard = slices.DeleteFunc(x.heard, func(line string) bool { return strings.HasPrefix(line, "* goodbye") })
	}
	for _, x := range all {
		for _, y := range all {
			for i := 1; i < len(x.heard); i++ {
				a, b := slices.Index(y.heard, x.heard[i-1]), slices.Index(y.heard, x.heard[i])
				if a >= 0 && b >= 0 && b != a+1 {
					return fmt.Errorf("one heard %q, and one %q", x.heard, y.heard)
				}
			}
		}
	}
	return nil
}

func TestAllHearTheSame(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
		all := three()
		if err := meet(ctx, all...); err != nil {
			return err
		}
		for i, name := range []string{"ada", "bob", "cleo"} {
			own := slices.DeleteFunc(slices.Clone(all[i].heard), func(line string) bool { return !strings.HasPrefix(line, name) })
			if all[i].heard[0] != "* "+name+" is here" || len(own) != []int{2, 3, 1}[i] {
				return fmt.Errorf("%s heard %q", name, all[i].heard)
			}
		}
		return alike(all)
	})
}

// Whoever is cancelled, the others go on, and nobody stays in the room.
func TestWhoIsCancelledLeaves(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context) error {
		all := three()
		if err := meet(ctx, all...); err != nil {
			return err
		}
		return alike(all)
	})
}

func TestSomebodyIsThrownOut(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
		eve := &robot{lines: append([]string{"eve"}, slices.Repeat([]string{"BUY NOW"}, 10)...)}
		err := meet(ctx, &robot{lines: []string{"ada", "/kick nobody", "/kick eve"}}, eve)
		if n := len(eve.heard); n > 8 || eve.heard[n-1] != "* goodbye: kicked by ada" {
			return fmt.Errorf("eve heard %q", eve.heard)
		}
		return err
	})
}

func TestWhoIsTooSlowHasToGo(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Schedules: 20}, func(ctx context.Context) error {
		deaf := &robot{lines: append([]string{"deaf"}, slices.Repeat([]string{"what?"}, 3*backlog)...), deaf: true}
		ada := &robot{lines: append([]string{"ada"}, slices.Repeat([]string{"hello"}, 2*backlog)...)}
		err := meet(ctx, ada, deaf)
		if len(deaf.heard) != backlog || !slices.Contains(ada.heard, "* deaf has left") || ada.heard[len(ada.heard)-1] != "ada: hello" {
			return fmt.Errorf("one heard %q, and one %q", deaf.heard, ada.heard)
		}
		return err
	})
}

// pipes is a listener without a network.
type pipes struct {
	net.Listener
	calls chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.calls:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.done)
	return nil
}

// play has each say a line of the script when all was heard that came of the last, and then
// ends the server. It returns what they have heard until then, and what each heard last.
func play(t *testing.T, script []string, serve func(ctx context.Context, l net.Listener) error) (heard, last map[string]string) {
	heard, last = map[string]string{}, map[string]string{}
	var mu sync.Mutex
	synctest.Test(t, func(t *testing.T) {
		listener := &pipes{calls: make(chan net.Conn), done: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- serve(ctx, listener) }()
		robots := map[string]net.Conn{}
		for _, line := range script {
			who, line, _ := strings.Cut(line, ": ")
			if robots[who] == nil {
				mine, yours := net.Pipe()
				listener.calls <- yours
				robots[who] = mine
				go func() {
					for lines := bufio.NewScanner(mine); lines.Scan(); {
						mu.Lock()
						heard[who] += lines.Text() + "\n"
						last[who] = lines.Text()
						mu.Unlock()
					}
				}()
			}
			fmt.Fprintln(robots[who], line)
			synctest.Wait()
		}
		before := maps.Clone(heard)
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		synctest.Wait()
		heard = before
	})
	return heard, last
}

// both are the server and its twin.
var both = map[string]func(ctx context.Context, l net.Listener) error{
	"tasks": func(ctx context.Context, l net.Listener) error {
		_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Go(func(ctx context.Context) error { return accept(ctx, tg, l) })
				return nil
			})
		}))
		return err
	},
	"plain": acceptPlain,
}

func TestThePlainTwin(t *testing.T) {
	script := append(slices.Clone(script[:len(script)-1]), "bob: /kick ada", "bob: still here?", "ada: ", "zoe: zoe", "zoe: hello")
	heard, last := play(t, script, both["tasks"])
	plainHeard, plainLast := play(t, script, both["plain"])
	if !maps.Equal(heard, plainHeard) || !maps.Equal(last, plainLast) {
		t.Errorf("%q %q\nin plain Go\n%q %q", heard, last, plainHeard, plainLast)
	}
	if len(heard) != 4 || last["zoe"] != "* goodbye: the server ends" {
		t.Errorf("%q %q", heard, last)
	}
}

// Who takes nothing holds up the end of the server for half a second.
func TestWhoDoesNotListenAtTheEnd(t *testing.T) {
	for name, serve := range both {
		synctest.Test(t, func(t *testing.T) {
			listener := &pipes{calls: make(chan net.Conn), done: make(chan struct{})}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- serve(ctx, listener) }()
			mine, yours := net.Pipe()
			listener.calls <- yours
			fmt.Fprintln(mine, "deaf")
			synctest.Wait()
			start := time.Now()
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) || time.Since(start) != time.Second/2 {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
		})
	}
}
