package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is exported is written down.
func TestAPIIsWrittenDown(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	want, err := describe(root, packages)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	written, is := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	differ := false
	for _, line := range written {
		if !slices.Contains(is, line) {
			differ = true
			t.Errorf("- %s", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(written, line) {
			differ = true
			t.Errorf("+ %s", line)
		}
	}
	if differ || string(got) != string(want) {
		t.Errorf("the API is not as %s has it: go run ./internal/cmd/api, and tell callers in CHANGELOG.md", file)
	}
}

func TestLinesOfAPackage(t *testing.T) {
	const source = `package p
import "time"
type Pair[K comparable, V any] struct { Key K; Value V; hidden int }
func (p Pair[K, V]) Get() (K, V) { return p.Key, p.Value }
func (p *Pair[K, V]) Set(k K, v ...V) {}
func (p *Pair[K, V]) unexported() {}
type Named = Pair[string, int]
type Of[T any] = Pair[string, T]
type Number interface { ~int | ~float64 }
type Doer interface { Do(d time.Duration) error; sealed() }
type Func func(time.Time) error
type outer struct{}
func (outer) Promoted() {}
type Embeds struct { outer }
const Most Func2 = 7
type Func2 int
var Err error
func F[T any](x T, opts ...Func) (v T, err error) { return }
func g() {}
`
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := (&types.Config{Importer: importer.ForCompiler(set, "source", nil)}).Check("p", set, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(lines(p), "\n")
	want := strings.Join([]string{
		"type Doer interface",
		"type Doer, method Do(d time.Duration) error",
		"type Doer, a method that others cannot have",
		"type Embeds struct",
		"method (Embeds) Promoted()",
		"var Err error",
		"func F[T any](x T, opts ...Func) (v T, err error)",
		"type Func func(time.Time) error",
		"type Func2 int",
		"const Most Func2 = 7",
		"alias Named = Pair[string, int]",
		"type Number interface{~int | ~float64}",
		"alias Of[T any] = Pair[string, T]",
		"type Pair[K comparable, V any] struct",
		"type Pair, field Key K",
		"type Pair, field Value V",
		"method (Pair) Get() (K, V)",
		"method (*Pair) Set(k K, v ...V)",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
