package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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

// fake is somebody on the loop, who says one line a second and then hangs up.
type fake struct {
	says, heard []string
	deaf        bool // his line takes nothing
}

func (f *fake) ReadLine(ctx context.Context) (string, error) {
	if err := asyncio.Sleep(ctx, time.Second); err != nil {
		return "", err
	}
	if len(f.says) == 0 {
		return "", io.EOF
	}
	line := f.says[0]
	f.says = f.says[1:]
	return line, nil
}

func (f *fake) WriteLine(ctx context.Context, line string) error {
	wait := time.Millisecond
	if f.deaf {
		wait = time.Hour
	}
	if err := asyncio.Sleep(ctx, wait); err != nil {
		return err
	}
	f.heard = append(f.heard, line)
	return nil
}

// meet has all of them in a room until they have gone.
func meet(ctx context.Context, all ...*fake) error {
	r := &room{}
	err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		for _, f := range all {
			tg.CreateTask(func(ctx context.Context) error { return r.serve(ctx, f) })
		}
		return nil
	})
	if err == nil && len(r.members) > 0 {
		err = fmt.Errorf("%d are still there", len(r.members))
	}
	return err
}

func three() []*fake {
	return []*fake{
		{says: []string{"ada", "1", "2", "/quit", "not heard"}},
		{says: []string{"bob", "1", "2", "3"}},
		{says: []string{"cleo", "1"}},
	}
}

// alike requires that any two have heard the same between what both have heard.
func alike(all []*fake) error {
	for _, f := range all {
		for _, g := range all {
			for i := 1; i < len(f.heard); i++ {
				a, b := slices.Index(g.heard, f.heard[i-1]), slices.Index(g.heard, f.heard[i])
				if a >= 0 && b >= 0 && b != a+1 {
					return fmt.Errorf("one heard %q, and one %q", f.heard, g.heard)
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

// Whoever is cancelled, listening or talking, leaves the room, and the others go on.
func TestWhoIsCancelledLeaves(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context) error {
		all := three()
		if err := meet(ctx, all...); err != nil {
			return err
		}
		for _, f := range all {
			f.heard = slices.DeleteFunc(f.heard, func(line string) bool { return strings.HasPrefix(line, "* goodbye") })
		}
		return alike(all)
	})
}

func TestSomebodyIsThrownOut(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
		eve := &fake{says: append([]string{"eve"}, slices.Repeat([]string{"BUY NOW"}, 10)...)}
		err := meet(ctx, &fake{says: []string{"ada", "/kick nobody", "/kick eve"}}, eve)
		if last := eve.heard[len(eve.heard)-1]; last != "* goodbye: kicked by ada" || len(eve.says) == 0 {
			return fmt.Errorf("eve heard %q", eve.heard)
		}
		return err
	})
}

func TestWhoIsTooSlowHasToGo(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Schedules: 20}, func(ctx context.Context) error {
		deaf := &fake{says: append([]string{"deaf"}, slices.Repeat([]string{"what?"}, 3*backlog)...), deaf: true}
		ada := &fake{says: append([]string{"ada"}, slices.Repeat([]string{"hello"}, 2*backlog)...)}
		err := meet(ctx, ada, deaf)
		if !slices.Equal(deaf.heard, []string{"* goodbye: too slow"}) || !slices.Contains(ada.heard, "* deaf has left") {
			return fmt.Errorf("one heard %q, and one %q", deaf.heard, ada.heard)
		}
		return err
	})
}

func TestWhoDoesNotSayHisName(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		err := (&room{}).serve(ctx, &silent{})
		if !errors.Is(err, asyncio.ErrTimeout) {
			t.Error(err)
		}
		return nil
	})
}

type silent struct{ fake }

func (*silent) ReadLine(ctx context.Context) (string, error) {
	return "", asyncio.Sleep(ctx, time.Hour)
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

func TestThePlainTwin(t *testing.T) {
	script := append(slices.Clone(script[:len(script)-1]), "bob: /kick ada", "bob: still here?", "ada: ", "zoe: zoe", "zoe: hello")
	heard, last := play(t, script, func(ctx context.Context, l net.Listener) error {
		_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Go(func(ctx context.Context) error { return accept(ctx, tg, l) })
				return nil
			})
		}))
		return err
	})
	plainHeard, plainLast := play(t, script, acceptPlain)
	if !maps.Equal(heard, plainHeard) || !maps.Equal(last, plainLast) {
		t.Errorf("%q %q\nin plain Go\n%q %q", heard, last, plainHeard, plainLast)
	}
	if len(heard) != 4 || last["zoe"] != "* goodbye: the server ends" {
		t.Errorf("%q %q", heard, last)
	}
}
