// Api writes the exported API of the library down in api.txt, a line for each name, so that
// a change of it is seen in review:
//
//	go run ./internal/cmd/api
//
// A test fails as long as the file is not what it would write. With -print it goes to standard
// output instead.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// packages are those whose API is a promise.
var packages = []string{".", "./asynciotest"}

// file is where it is written, at the root of the module.
const file = "api.txt"

func main() {
	toStdout := flag.Bool("print", false, "print it, and write nothing")
	flag.Parse()
	if err := run(*toStdout); err != nil {
		fmt.Fprintf(os.Stderr, "api: %v\n", err)
		os.Exit(1)
	}
}

func run(toStdout bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	text, err := describe(root, packages)
	if err != nil {
		return err
	}
	if toStdout {
		_, err = os.Stdout.Write(text)
		return err
	}
	path := filepath.Join(root, file)
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	return os.WriteFile(path, text, 0o644)
}
