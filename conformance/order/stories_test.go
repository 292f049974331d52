package order_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/conformance/difftest"
	"github.com/asyncio-go/asyncio/conformance/scenario"
)

// The stories in testdata do what they do on CPython, step for step, also in debug mode,
// without the shortcuts that the engine takes otherwise. They are recorded by
//
//	go run ./conformance/cmd/scenario -record conformance/order/testdata/*.txt
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories: ", err)
	}
	for _, file := range files {
		stories, err := scenario.ReadStories(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, s := range stories.All {
				t.Run(s.Name, func(t *testing.T) {
					replay(t, s)
					replay(t, s, asyncio.WithDebug())
				})
			}
			if text, err := os.ReadFile(file); err != nil || string(text) != stories.String() {
				t.Error("the file is not as the recorder writes it; record it anew: ", err)
			}
		})
	}
}

func replay(t *testing.T, s *scenario.Story, opts ...asyncio.Option) {
	t.Helper()
	if got := scenario.Run(s.Program, opts...).Trace; !slices.Equal(got, s.Trace) {
		t.Errorf("with %d options\n%s", len(opts), difftest.SideBySide("Go", "CPython", got, s.Trace))
	}
}
