package conformance

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// WriteFigures writes what a README says of the long run, from the report of that.
func WriteFigures(readme, report string) error {
	text, err := os.ReadFile(report)
	if err != nil {
		return err
	}
	figures, err := Figures(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", report, err)
	}
	return WriteSection(readme, "figures", figures)
}

// Figures is a sentence on the long run that a report is of.
func Figures(report string) (string, error) {
	programs := regexp.MustCompile(`(?m)^programs +(\d+),`).FindStringSubmatch(report)
	versions := regexp.MustCompile(`(?m)^CPython +(\S+) +(\d+) compared, (\d+) divergences`).FindAllStringSubmatch(report, -1)
	if programs == nil || versions == nil {
		return "", fmt.Errorf("no figures of a run")
	}
	var on []string
	differed := false
	for _, v := range versions {
		part := fmt.Sprintf("%s on CPython %s", thousands(v[2]), v[1])
		if v[3] != "0" {
			differed = true
			part += fmt.Sprintf(" (%s differed)", thousands(v[3]))
		}
		on = append(on, part)
	}
	how := "all alike"
	if differed {
		how = "and not all alike"
	}
	return fmt.Sprintf("Of %s such programs were compared, %s:\n%s.\n",
		thousands(programs[1]), how, strings.Join(on, ",\n")), nil
}

// thousands parts a number by commas.
func thousands(n string) string {
	for i := len(n) - 3; i > 0; i -= 3 {
		n = n[:i] + "," + n[i:]
	}
	return n
}
