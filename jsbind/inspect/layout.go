package inspect

import (
	"math"
	"strings"
)

// layout puts the entries of an object between its braces: on one line when
// they are short and not nested deeply, in aligned columns when they are many
// items of a list, else one to a line. The numbers are Node's.
func (p *printer) layout(output []piece, s shape, depth int) piece {
	entries := len(output)
	if p.Compact >= 1 {
		if s.list && entries > 6 {
			output = p.columns(output, s.numeric)
		}
		// currentDepth is how deep the innermost object printed so far is: an
		// object shares its line only with the innermost few levels.
		if p.currentDepth-depth < p.Compact && entries == len(output) && p.fits(output, &s) {
			var out piece
			writeHead(&out, &s)
			out.text(" ", Plain)
			for i := range output {
				if i > 0 {
					out.text(", ", Plain)
				}
				out.add(output[i])
			}
			out.text(" "+s.close, Plain)
			return out
		}
	}
	var out piece
	writeHead(&out, &s)
	for i := range output {
		if i > 0 {
			out.text(",", Plain)
		}
		p.bytes -= p.indent + 2
		out.newline(p.indent + 2)
		out.add(output[i])
	}
	out.newline(p.indent)
	out.text(s.close, Plain)
	return out
}

func writeHead(out *piece, s *shape) {
	if !s.base.empty() {
		out.add(s.base)
		out.text(" ", Plain)
	}
	out.add(s.open)
}

// fits says whether everything goes on one line.
func (p *printer) fits(output []piece, s *shape) bool {
	const slack = 10
	total := len(output) + len(output) + p.indent + s.open.width + s.base.width + slack
	if total+len(output) > p.Width || s.base.multiline() {
		return false
	}
	for i := range output {
		total += output[i].width
		if total > p.Width || output[i].multiline() {
			return false
		}
	}
	return true
}

// columns groups the items of a list into rows of aligned columns, unless they
// are too long or too different in length. Numbers are aligned to the right.
func (p *printer) columns(output []piece, numeric func(i int) bool) []piece {
	const separator = 2 // a comma and a space
	n := len(output)
	if p.MaxArrayLength < n {
		n-- // the count of what was left out has a row of its own
	}
	total, longest := 0, 0
	for i := range n {
		total += output[i].width + separator
		longest = max(longest, output[i].width)
	}
	wide := longest + separator
	if wide*3+p.indent >= p.Width || float64(total)/float64(wide) <= 5 && longest > 6 {
		return output
	}

	const heightOfCell = 2.5
	bias := math.Sqrt(float64(wide) - float64(total)/float64(len(output)))
	biased := math.Max(float64(wide)-3-bias, 1)
	count := min(
		round(math.Sqrt(heightOfCell*biased*float64(n))/biased),
		(p.Width-p.indent)/wide,
		p.Compact*4,
		15,
	)
	if count <= 1 {
		return output
	}
	widths := make([]int, count)
	for i := range n {
		widths[i%count] = max(widths[i%count], output[i].width+separator)
	}
	right := true
	for i := 0; i < len(output) && right; i++ {
		right = numeric(i)
	}

	var rows []piece
	for i := 0; i < n; i += count {
		end := min(i+count, n)
		var row piece
		for j := i; j < end; j++ {
			last := j == end-1
			space := strings.Repeat(" ", widths[j-i]-separator-output[j].width)
			if right {
				row.text(space, Plain)
			}
			row.add(output[j])
			if !last {
				row.text(", ", Plain)
				if !right {
					row.text(space, Plain)
				}
			}
		}
		rows = append(rows, row)
	}
	if n < len(output) {
		rows = append(rows, output[n])
	}
	return rows
}
