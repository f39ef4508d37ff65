package term

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

const tabStop = 4

// A cell is one grapheme cluster of an edited line as it is drawn.
type cell struct {
	off     int    // byte offset in the line
	size    int    // bytes in the line
	show    string // what is sent; never a control character
	width   int    // columns, at least 1
	visible bool   // show spells out something that may not be sent
}

// appendCells splits line into cells. Column is where the line's first cell
// stands, for tab stops.
func appendCells(cells []cell, line string, column int) []cell {
	for off := 0; off < len(line); {
		c := nextCell(line[off:], column)
		c.off = off
		off += c.size
		column += c.width
		cells = append(cells, c)
	}
	return cells
}

func nextCell(s string, column int) cell {
	if b := s[0]; b >= 0x20 && b < 0x7f && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return cell{size: 1, show: s[:1], width: 1}
	}
	if s[0] == '\t' {
		n := tabStop - column%tabStop
		return cell{size: 1, show: strings.Repeat(" ", n), width: n}
	}
	cluster, width := firstCluster(s)
	c := cell{size: len(cluster), show: cluster, width: width}
	if clean := Sanitize(cluster); clean != cluster {
		c.show, c.width, c.visible = clean, textWidth(clean), true
	} else if width == 0 {
		c.show, c.width = "\u25cc"+cluster, 1 // a mark with nothing to stand on
	}
	return c
}

// firstCluster returns the grapheme cluster that s begins with (UAX 29) and its
// width in columns.
func firstCluster(s string) (string, int) {
	g := displaywidth.StringGraphemes(s)
	g.Next()
	return g.Value(), g.Width()
}

// textWidth returns the columns of sanitised text without tabs or newlines.
func textWidth(s string) int {
	if cleanPrefix(s) == len(s) {
		return len(s)
	}
	n := 0
	for len(s) > 0 {
		cluster, w := firstCluster(s)
		n += w
		s = s[len(cluster):]
	}
	return n
}

// clip returns the longest prefix of sanitised text that fits in width columns.
func clip(s string, width int) string {
	for i, used := 0, 0; i < len(s); {
		c := nextCell(s[i:], used)
		if used+c.width > width {
			return s[:i]
		}
		used += c.width
		i += c.size
	}
	return s
}

// nextBoundary and prevBoundary return the rune offset of the grapheme
// boundary after and before pos in line. A newline is a cluster of its own.
func nextBoundary(line []rune, pos int) int {
	if pos >= len(line) {
		return len(line)
	}
	if pos+1 == len(line) || line[pos] == '\n' || line[pos] < utf8.RuneSelf && line[pos+1] < utf8.RuneSelf {
		return pos + 1
	}
	bounds := boundaries(line, pos)
	for _, b := range bounds {
		if b > pos {
			return b
		}
	}
	return pos + 1
}

func prevBoundary(line []rune, pos int) int {
	if pos <= 1 {
		return 0
	}
	if line[pos-1] < utf8.RuneSelf {
		return pos - 1
	}
	start := lineStart(line, pos)
	best := start
	for _, b := range boundaries(line, pos) {
		if b < pos {
			best = b
		}
	}
	return best
}

// snap moves pos forward to a grapheme boundary when it is inside a cluster.
func snap(line []rune, pos int) int {
	if pos <= 0 || pos >= len(line) || line[pos] < 0x300 {
		return min(max(pos, 0), len(line))
	}
	for _, b := range boundaries(line, pos) {
		if b >= pos {
			return b
		}
	}
	return pos
}

// boundaries lists the rune offsets of the cluster boundaries of the line that
// holds pos, looking only near pos: clusters are short.
func boundaries(line []rune, pos int) []int {
	const reach = 64
	start, end := lineStart(line, pos), lineEnd(line, pos)
	if pos-start > reach {
		for start = pos - reach; start < pos && line[start] >= utf8.RuneSelf; start++ {
		}
		if start == pos {
			start = pos - reach
		}
	}
	end = min(end, pos+reach)
	bounds := []int{start}
	at := start
	for s := string(line[start:end]); len(s) > 0; {
		cluster, _ := firstCluster(s)
		at += utf8.RuneCountInString(cluster)
		bounds = append(bounds, at)
		s = s[len(cluster):]
	}
	return bounds
}

func lineStart(line []rune, pos int) int {
	for pos > 0 && line[pos-1] != '\n' {
		pos--
	}
	return pos
}

func lineEnd(line []rune, pos int) int {
	for pos < len(line) && line[pos] != '\n' {
		pos++
	}
	return pos
}
