// Release makes a release of all modules of the repository, after it has proved that others
// could use it:
//
//	go run ./internal/cmd/release -n        # only the proof, of the tree as it is; CI runs it
//	go run ./internal/cmd/release v0.2.0    # of HEAD, and the tags
//
// Among themselves the modules of the repository are bound by replace directives, which nobody
// else has. So a release is a commit of its own, beside the branch: there each module requires
// the others by version. Each module gets a tag for it, as v0.2.0 and bench/v0.2.0.
// Neither the branch nor the tree is touched, and nothing is pushed: it says how.
//
// The proof takes place in a temporary directory: a module proxy of files has the modules as
// the tags would have them, and go get and go install take them from there, with a module cache
// of their own. What else the modules require comes from the module cache at hand, or
// from where Go gets it otherwise.
//
// It refuses to release what is not committed, a version that is tagged already, and one that
// CHANGELOG.md has no heading for. With -n the first two are only told, and the version, if it is not
// given, is that of the latest heading.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	dry := flag.Bool("n", false, "prove that it would work, and make no tags")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: go run ./internal/cmd/release [-n] [version]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*dry, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

func run(dry bool, args []string) (err error) {
	if len(args) > 1 || len(args) == 0 && !dry {
		return fmt.Errorf("which version? go run ./internal/cmd/release v0.2.0, or with -n that of CHANGELOG.md")
	}
	top, err := command(".", nil, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	r := &release{repo: strings.TrimSpace(top), dry: dry, say: func(format string, a ...any) { fmt.Printf(format+"\n", a...) }}
	if len(args) == 1 {
		r.version = args[0]
	}
	return r.make()
}
