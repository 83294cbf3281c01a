package markup

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// startInSVG opens an element of a drawing, after the rules for foreign
// content: the shapes and groups that icons are made of. Names get their
// capitals back, and a slash closes any element.
func (b *builder) startInSVG(closed bool) bool {
	switch b.z.Name() {
	case "svg", "g", "path", "circle", "ellipse", "rect", "line", "polygon", "polyline", "use", "defs", "symbol", "stop", "mask", "pattern", "text", "tspan",
		"lineargradient", "radialgradient", "clippath":
	case "title", "style":
		// Here these are markup like any other.
		if closed || !b.z.Plain() || strings.ContainsAny(b.z.rawBody(), "<&") {
			return false
		}
	default:
		return false
	}
	b.draw("svg", closed)
	return true
}

// draw adds an element of a drawing or formula, and opens it unless it is
// closed.
func (b *builder) draw(space string, closed bool) {
	n := b.element()
	n.Namespace = space
	if name := svgElements[n.Data]; name != "" && space == "svg" {
		n.Data, n.DataAtom = name, atom.Lookup([]byte(name))
	}
	for i := range n.Attr {
		adjust(&n.Attr[i])
	}
	if !closed {
		b.enter(n)
	}
}

// svgElements gives the names of elements that have capitals by their lower
// case.
var svgElements = map[string]string{"lineargradient": "linearGradient", "radialgradient": "radialGradient", "clippath": "clipPath", "foreignobject": "foreignObject", "textpath": "textPath"}

// adjust gives an attribute's name its capitals and namespace.
func adjust(a *html.Attribute) {
	if name, ok := svgAttributes[a.Key]; ok {
		a.Key = name
	}
	switch a.Key {
	case "xlink:actuate", "xlink:arcrole", "xlink:href", "xlink:role", "xlink:show", "xlink:title", "xlink:type", "xml:lang", "xml:space", "xmlns:xlink":
		a.Namespace, a.Key, _ = strings.Cut(a.Key, ":")
	}
}

// svgAttributes gives the names with capitals by their lower case; built once,
// never changed. They are those of
// https://html.spec.whatwg.org/multipage/parsing.html#adjust-svg-attributes.
var svgAttributes = func() map[string]string {
	out := map[string]string{}
	for name := range strings.FieldsSeq("attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits diffuseConstant edgeMode filterUnits " +
		"glyphRef gradientTransform gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines keyTimes lengthAdjust " +
		"limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves pathLength " +
		"patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio " +
		"primitiveUnits refX refY repeatCount repeatDur requiredExtensions requiredFeatures specularConstant specularExponent " +
		"spreadMethod startOffset stdDeviation stitchTiles surfaceScale systemLanguage tableValues targetX targetY textLength " +
		"viewBox viewTarget xChannelSelector yChannelSelector zoomAndPan") {
		out[strings.ToLower(name)] = name
	}
	return out
}()
