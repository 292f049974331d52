package coro

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestAssumptionsHold: with this Go no twin is needed but those that are asked for.
func TestAssumptionsHold(t *testing.T) {
	asked := map[string]bool{}
	for name := range strings.FieldsFuncSeq(os.Getenv("ASYNCIO_PORTABLE"), func(r rune) bool { return r == ',' }) {
		asked[name] = true
	}
	for _, x := range assumed {
		if *x.twin != asked[x.name] && !strings.HasPrefix(x.why, "there is no assembly") {
			t.Errorf("%s: %q", x.name, x.why)
		}
		delete(asked, x.name)
	}
	for name := range asked {
		t.Errorf("ASYNCIO_PORTABLE asks for %q, which is unknown", name)
	}
}

// TestAnAssumptionThatDoesNotHoldIsSaid with its name and what it costs; of one that holds
// nothing is said.
func TestAnAssumptionThatDoesNotHoldIsSaid(t *testing.T) {
	for _, x := range assumed {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSayWhatDoesNotHold$", "-test.v")
		cmd.Env = append(os.Environ(), "ASYNCIO_PORTABLE="+x.name)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, y := range assumed {
			want := 0
			if y.name == x.name || strings.HasPrefix(y.why, "there is no assembly") {
				want = 1
			}
			if got := strings.Count(string(out), "shortcut="+y.name+" "); got != want {
				t.Errorf("without %s, %s is named %d times, want %d:\n%s", x.name, y.name, got, want, out)
			}
		}
	}
}

func TestSayWhatDoesNotHold(t *testing.T) {
	var text bytes.Buffer
	warn(slog.New(slog.NewTextHandler(&text, nil)))
	t.Log(text.String())
}

// TestTwinsAreAlike: what is asked of a goroutine has the same answers whatever is known
// about it.
func TestTwinsAreAlike(t *testing.T) {
	var all Table
	var ready, done sync.WaitGroup
	seen := map[uintptr]uint64{} // by identity, the number
	var mu sync.Mutex
	release := make(chan struct{})
	for range 100 {
		ready.Add(1)
		done.Go(func() {
			me := Self{G: G()}
			var also Table // a goroutine may be in several
			all.Enter(&me)
			also.Enter(&Self{G: me.G})
			also.Leave(also.Here())
			mu.Lock()
			seen[me.G] = current()
			mu.Unlock()
			ready.Done()
			<-release
			if all.Here() != &me || !Is(&me.G) {
				t.Error("not found")
			}
			all.Leave(&me)
		})
	}
	ready.Wait()
	if len(seen) != 100 {
		t.Errorf("%d identities of a hundred goroutines", len(seen))
	}
	for g, id := range seen {
		if Is(&g) {
			t.Error("taken for the caller")
		}
		if got := number(g); got != id {
			t.Errorf("number %d, want %d", got, id)
		}
	}
	close(release)
	done.Wait()
}
