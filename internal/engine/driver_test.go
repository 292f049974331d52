package engine

import (
	"testing"
	"time"
)

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestWakeIsKeptForNextWait(t *testing.T) {
	for name, d := range map[string]Driver{"wall": NewWall(), "virtual": NewVirtual(epoch)} {
		t.Run(name, func(*testing.T) {
			for range 3 {
				d.Wake()
				d.Wake() // two are one
				d.Wait(Waiting{Until: Never})
			}
			// One token is all that can be left.
			waited := make(chan struct{})
			go func() {
				d.Wait(Waiting{Until: Never})
				close(waited)
			}()
			d.Wake()
			<-waited
		})
	}
}

func TestWallReturnsWhenTheMomentHasCome(t *testing.T) {
	d := NewWall()
	for _, ahead := range []time.Duration{-time.Hour, 0, time.Microsecond, time.Millisecond} {
		until := d.Now() + ahead
		d.Wait(Waiting{Until: until})
		if now := d.Now(); now < until {
			t.Errorf("%v too early", until-now)
		}
	}
	if !d.Epoch().Add(d.Now()).After(d.Epoch()) {
		t.Error("no time has passed")
	}
}

func TestWallReturnsEarlyWhenWoken(t *testing.T) {
	d := NewWall()
	for range 100 {
		waited := make(chan time.Duration)
		until := d.Now() + time.Hour
		go func() {
			d.Wait(Waiting{Until: until})
			waited <- d.Now()
		}()
		d.Wake()
		if now := <-waited; now >= until {
			t.Fatal("waited for an hour")
		}
	}
	// The timer of a wait that was cut short must not end a later one.
	d.Wake()
	d.Wait(Waiting{Until: d.Now() + time.Millisecond})
	until := d.Now() + 3*time.Millisecond
	d.Wait(Waiting{Until: until})
	if now := d.Now(); now < until {
		t.Errorf("%v too early", until-now)
	}
}

func TestVirtualJumps(t *testing.T) {
	d := NewVirtual(epoch)
	for _, until := range []time.Duration{time.Hour, 1000 * time.Hour} {
		d.Wait(Waiting{Until: until})
		if d.Now() != until {
			t.Errorf("now is %v, want %v", d.Now(), until)
		}
	}
	d.Wait(Waiting{Until: time.Hour})
	if d.Now() != 1000*time.Hour {
		t.Errorf("time went back to %v", d.Now())
	}
	if !d.Epoch().Equal(epoch) {
		t.Error(d.Epoch())
	}
}

func TestVirtualIsHeldByGoTasks(t *testing.T) {
	d := NewVirtual(epoch)
	waited := make(chan time.Duration)
	go func() {
		d.Wait(Waiting{Until: time.Hour, Busy: 1})
		waited <- d.Now()
	}()
	d.Wake()
	if now := <-waited; now != 0 {
		t.Errorf("jumped to %v", now)
	}
}

// A loop on virtual time does not jump while a Go task is at work, but does while
// it awaits.
func TestVirtualLoopWaitsForGoTasks(t *testing.T) {
	l := newLoop(t, NewVirtual(epoch))
	release := make(chan struct{})
	var order []string
	note := func(s string) { order = append(order, s) }
	l.do(action(func() {
		h := &Handle{}
		h.Init(l, func() { note("hour") }, nil)
		h.At(time.Hour)
	}))
	worker := start(l, true, func(ctx *Task) error {
		<-release
		if now := l.Driver.Now(); now != 0 {
			t.Errorf("time went on to %v", now)
		}
		if err := Sleep(ctx, 2*time.Hour); err != nil {
			return err
		}
		if now := l.Driver.Now(); now != 2*time.Hour {
			t.Errorf("woke at %v", now)
		}
		return nil
	})
	worker.done(func() { note("worker") })
	go func() {
		untilAsleep(l)
		close(release)
	}()
	if err := l.Run(until(&worker.Future)); err != nil {
		t.Fatal(err)
	}
	if len(order) != 2 || order[0] != "hour" {
		t.Errorf("order %v", order)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
