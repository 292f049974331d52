package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// line is a line of sha256sum.
type line struct {
	sum  [sha256.Size]byte
	name string // escaped
}

// escaper spells what would break a line. A name that has none of these has no
// backslash afterwards, and one that has some does.
var escaper = strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`)

func escape(path string) string { return escaper.Replace(path) }

// appendTo appends the line to b. A backslash before the sum says that the name
// is escaped.
func (l line) appendTo(b []byte) []byte {
	if strings.Contains(l.name, `\`) {
		b = append(b, '\\')
	}
	b = hex.AppendEncode(b, l.sum[:])
	b = append(b, "  "...)
	b = append(b, l.name...)
	return append(b, '\n')
}
