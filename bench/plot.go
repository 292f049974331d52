package main

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	chartWidth = 9 * vg.Inch
	rowHeight  = vg.Length(15)
	margin     = vg.Length(10)
)

var colours = map[family]color.Color{
	familyOurs:   color.RGBA{R: 0xc0, G: 0x2a, B: 0x5a, A: 0xff},
	familyGo:     color.RGBA{R: 0x2b, G: 0x8c, B: 0xc4, A: 0xff},
	familyPython: color.RGBA{R: 0xd8, G: 0x9b, B: 0x12, A: 0xff},
	familyNode:   color.RGBA{R: 0x4a, G: 0x9c, B: 0x4a, A: 0xff},
	familyRust:   color.RGBA{R: 0x9c, G: 0x4a, B: 0x2c, A: 0xff},
	familyFloor:  color.Gray{Y: 0xa0},
}

// plots draws a chart for each group of workloads and one for the scaling, and
// returns their names in the order of the report.
func (r *results) plots() ([]string, map[string]*picture) {
	var names []string
	made := map[string]*picture{}
	for _, w := range r.workloads {
		if made[w.chart] == nil {
			if pic := r.chart(w.chart); pic != nil {
				names = append(names, w.chart)
				made[w.chart] = pic
			}
		}
	}
	if pic := r.scalingPlot(); pic != nil {
		names = append(names, scaling)
		made[scaling] = pic
	}
	return names, made
}

// A picture is a plot and its size.
type picture struct {
	*plot.Plot
	width, height vg.Length
}

// writePlots writes them as SVG.
func writePlots(dir string, made map[string]*picture) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, pic := range made {
		f, err := os.Create(filepath.Join(dir, name+".svg"))
		if err != nil {
			return err
		}
		c := vgsvg.NewWith(vgsvg.UseWH(pic.width, pic.height))
		pic.Draw(draw.Crop(draw.New(c), margin, -margin, margin, -margin))
		_, err = c.WriteTo(f)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = 8
	for _, style := range []*text.Style{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label,
	} {
		style.Font = sans(10)
	}
	p.Title.TextStyle.Font = sans(12)
	p.BackgroundColor = color.White
	return p
}

func sans(size font.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// A bar is a line of a chart: a peer's ratio, or the heading of a workload.
type bar struct {
	label   string
	heading bool
	times   float64
	colour  color.Color
}

// bars draws the lines of a chart from top to bottom. They grow from one, which
// is this library, to either side of a logarithmic axis: there a length means
// something, as it does not from an arbitrary left end.
type bars []bar

// Plot implements plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := p.X.Tick.Label
	style.XAlign, style.YAlign = text.XLeft, text.YCenter
	heading := style
	heading.Font.Size = 11
	one := x(1)
	for i, line := range b {
		at := y(-float64(i))
		if line.heading {
			c.FillText(heading, vg.Point{X: c.Min.X + 4, Y: at}, line.label)
			continue
		}
		end := x(line.times)
		half := rowHeight / 2 * 0.7
		c.FillPolygon(line.colour, []vg.Point{{X: one, Y: at - half}, {X: end, Y: at - half}, {X: end, Y: at + half}, {X: one, Y: at + half}})
		label := style
		gap := vg.Length(4)
		if line.times < 1 {
			label.XAlign, gap = text.XRight, -4
		}
		c.FillText(label, vg.Point{X: end + gap, Y: at + 1}, number(line.times)+" ×")
	}
	c.StrokeLine2(draw.LineStyle{Color: colours[familyOurs], Width: vg.Points(1.2)}, one, c.Min.Y, one, c.Max.Y)
}

// DataRange implements plot.DataRanger, with room for the labels.
func (b bars) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax = 0.5, 10
	for _, line := range b {
		if !line.heading {
			xmin, xmax = min(xmin, line.times), max(xmax, line.times)
		}
	}
	room := math.Pow(xmax/xmin, 0.12)
	return xmin / room, xmax * room, -float64(len(b)) + 0.3, 0.7
}

// Ticks implements plot.Ticker: the name of each line.
func (b bars) Ticks(_, _ float64) []plot.Tick {
	var ticks []plot.Tick
	for i, line := range b {
		if !line.heading {
			ticks = append(ticks, plot.Tick{Value: -float64(i), Label: line.label})
		}
	}
	return ticks
}

// chart draws one group of workloads, or nothing if there is nothing to compare.
func (r *results) chart(group string) *picture {
	var lines bars
	for _, w := range r.workloads {
		if w.chart != group || w.base == scaling && w.size != 1000 {
			continue
		}
		begun := false
		for _, p := range r.peers {
			q, ok := r.against(w, p.name)
			if !ok || p.name == ours {
				continue
			}
			if !begun {
				label := fmt.Sprintf("%s: %s %s", w.name(), number(r.all[pair{w.name(), ours}].median()), w.unit())
				lines, begun = append(lines, bar{heading: true, label: label}), true
			}
			lines = append(lines, bar{label: p.name, times: q.paired, colour: colours[p.family]})
		}
	}
	if lines == nil {
		return nil
	}
	p := newPlot(group + ": how many times as much as this library (the line at 1) each peer takes")
	p.Add(upright(), lines)
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = powers{}
	p.Y.Tick.Marker = lines
	p.Y.Tick.Width = 0
	p.Y.Width = 0
	p.Y.Padding = 0
	return &picture{p, chartWidth, rowHeight*vg.Length(len(lines)) + 70 + 2*margin}
}

// powers ticks a logarithmic axis at the powers of ten, and in between where
// those are few.
type powers struct{ most float64 }

// Ticks implements plot.Ticker.
func (t powers) Ticks(least, most float64) []plot.Tick {
	between := []float64{1}
	if most/least < 1e3 {
		between = []float64{1, 2, 5}
	}
	if t.most > 0 {
		most = t.most
	}
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(least)); e <= math.Log10(most); e++ {
		for _, m := range between {
			if v := m * math.Pow(10, e); least <= v && v <= most {
				ticks = append(ticks, plot.Tick{Value: v, Label: shortest(v)})
			}
		}
	}
	return ticks
}

// shortest writes a figure without zeros that say nothing.
func shortest(v float64) string {
	s := number(v)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// upright draws the lines of the grid that tell how long a bar is.
func upright() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal.Color = nil
	g.Vertical.Color = color.Gray{Y: 0xe4}
	return g
}

// scalingPlot draws the cost of a task over how many there are, a line a peer.
func (r *results) scalingPlot() *picture {
	var ends endLabels
	p := newPlot("what one task costs when so many are made and gathered")
	var largest float64
	for n, peer := range r.peers {
		var line plotter.XYs
		for _, w := range r.workloads {
			if s := r.all[pair{w.name(), peer.name}]; w.base == scaling && len(s) > 0 {
				line = append(line, plotter.XY{X: float64(w.size), Y: s.median()})
				largest = max(largest, float64(w.size))
			}
		}
		if len(line) < 2 {
			continue
		}
		l, err := plotter.NewLine(line)
		if err != nil {
			continue // a figure that is not a number has its place in the tables
		}
		l.Color = colours[peer.family]
		l.Width = vg.Points(1.5)
		if peer.name == ours {
			l.Width = vg.Points(3)
		}
		l.Dashes = [][]vg.Length{nil, {6, 3}, {2, 2}}[n%3]
		p.Add(l)
		ends = append(ends, endLabel{line[len(line)-1], peer.title, l.Color})
	}
	if ends == nil {
		return nil
	}
	p.Add(ends)
	p.X.Label.Text = "tasks"
	p.Y.Label.Text = "ns a task"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker = powers{most: largest}
	p.Y.Tick.Marker = powers{}
	p.X.Max = largest * 30 // room for the labels
	return &picture{p, chartWidth, 6 * vg.Inch}
}

// An endLabel names a line where it ends.
type endLabel struct {
	at     plotter.XY
	label  string
	colour color.Color
}

type endLabels []endLabel

// Plot implements plot.Plotter. Labels that would cover each other are moved up.
func (e endLabels) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	sorted := slices.SortedFunc(slices.Values(e), func(a, b endLabel) int { return cmp.Compare(a.at.Y, b.at.Y) })
	lowest := vg.Length(math.Inf(-1))
	for _, l := range sorted {
		style := p.X.Tick.Label
		style.XAlign, style.YAlign = text.XLeft, text.YCenter
		style.Color = l.colour
		end := vg.Point{X: x(l.at.X), Y: y(l.at.Y)}
		at := max(end.Y, lowest+12)
		lowest = at
		c.StrokeLine2(draw.LineStyle{Color: l.colour, Width: vg.Points(0.4)}, end.X+2, end.Y, end.X+16, at)
		c.FillText(style, vg.Point{X: end.X + 18, Y: at + 1}, l.label)
	}
}
