package main

import (
	"strings"
	"testing"
)

func TestOnce(t *testing.T) {
	var out strings.Builder
	if err := once(strings.NewReader(`{"main": [{"op": "log", "text": "hello"}]}`), &out); err != nil {
		t.Fatal(err)
	}
	want := "0 main start\n0 main log hello\n0 main end = none\n0 - run = none\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	err := once(strings.NewReader(`{"main": [{"op": "shout"}]}`), &out)
	if err == nil || err.Error() != `main[0]: unknown operation "shout"` {
		t.Errorf("a bad program: %v", err)
	}
}

func TestServe(t *testing.T) {
	var out strings.Builder
	if err := serve(strings.NewReader("{\"main\": []}\n{\"main\": 1}\n{\"main\": []}"), &out); err != nil {
		t.Fatal(err)
	}
	good := `{"trace":["0 main start","0 main end = none","0 - run = none"]}` + "\n"
	want := good + `{"error":"main: want a list of operations"}` + "\n" + good
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}
