package conformance

import (
	"fmt"
	"os"
	"strings"
)

// ReplaceSection replaces, in a text, what stands between the line that begins with
// "<!-- name" and the next "<!-- end -->".
func ReplaceSection(text, name, with string) (string, error) {
	before, after, found := strings.Cut(text, "<!-- "+name)
	line, after, _ := strings.Cut(after, "\n")
	_, after, ends := strings.Cut(after, "<!-- end -->")
	if !found || !ends {
		return "", fmt.Errorf("there is no section <!-- %s … <!-- end -->", name)
	}
	return before + "<!-- " + name + line + "\n" + with + "<!-- end -->" + after, nil
}

// WriteSection is ReplaceSection in a file.
func WriteSection(file, name, with string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	new, err := ReplaceSection(string(text), name, with)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(new), 0o644)
}
