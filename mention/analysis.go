package mention

// Analysis is what the analyser says about a mention's title and text. The
// words are those of the taxonomy: see Moments, Touchpoints, CareLenses and
// Signals.
type Analysis struct {
	Sentiment Sentiment `json:"sentiment"`
	// Stars estimates the author's rating, 1..5; 0 when there is no basis.
	Stars       float64      `json:"stars,omitzero"`
	Language    string       `json:"language,omitempty"`
	Touchpoints []string     `json:"touchpoints,omitempty"`
	Moments     []string     `json:"moments,omitempty"`
	Care        []string     `json:"care,omitempty"`
	Signals     []string     `json:"signals,omitempty"`
	Aspects     []Aspect     `json:"aspects,omitempty"`
	Brands      []BrandScore `json:"brands,omitempty"`
	Sentences   []Sentence   `json:"sentences,omitempty"`
	// Version names the analyser and its models.
	Version string `json:"version,omitempty"`
}

// The sentiment labels.
const (
	Negative = "negative"
	Neutral  = "neutral"
	Positive = "positive"
)

// Sentiment is an attitude: Score in [-1, 1] and its label.
type Sentiment struct {
	Score float64 `json:"score"`
	Label string  `json:"label"`
}

// Aspect is a thing praised or blamed, in the author's words, and where.
type Aspect struct {
	Term  string  `json:"term"`
	Score float64 `json:"score"`
	Spans []Span  `json:"spans,omitempty"`
}

// BrandScore is the attitude to one brand.
type BrandScore struct {
	Name        string   `json:"name"`
	Score       float64  `json:"score"`
	Touchpoints []string `json:"touchpoints,omitempty"`
	Spans       []Span   `json:"spans,omitempty"`
}

// Span is a half-open byte range [Start, End) of a mention's title or text.
type Span struct {
	// In is "title" or "text".
	In    string `json:"in"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// Sentence is one sentence of the title or text with its labels.
type Sentence struct {
	Span
	Score       float64  `json:"score"`
	Touchpoints []string `json:"touchpoints,omitempty"`
	Moments     []string `json:"moments,omitempty"`
	Care        []string `json:"care,omitempty"`
}

// Moments are the five moments of truth in the order of the journey.
var Moments = []string{"lt_zmot", "zmot", "fmot", "smot", "umot"}

// Touchpoints lists the touchpoints of each moment.
var Touchpoints = map[string][]string{
	"lt_zmot": {"advert", "social_post", "email", "need"},
	"zmot":    {"research", "reviews_read", "information", "presales"},
	"fmot":    {"first_impression", "store", "demo", "sample", "price", "checkout"},
	"smot":    {"delivery", "onboarding", "use", "service_contact", "returns", "billing"},
	"umot":    {"recommendation", "publishing"},
}

// Journey lists the touchpoints of all moments in the order of the journey.
var Journey = func() []string {
	var out []string
	for _, m := range Moments {
		out = append(out, Touchpoints[m]...)
	}
	return out
}()

// CareLenses are the four lenses on what the company did.
var CareLenses = []string{"experience", "support", "service", "care"}

// Signals are the labels of a whole text.
var Signals = []string{"advocate", "detractor", "loyal", "churn_risk", "needs_response", "question"}

// MomentOf returns the moment a touchpoint belongs to, or "".
func MomentOf(touchpoint string) string {
	for m, ts := range Touchpoints {
		for _, t := range ts {
			if t == touchpoint {
				return m
			}
		}
	}
	return ""
}

// MomentsOf returns the moments of the touchpoints, in the order of the
// journey and without repeats.
func MomentsOf(touchpoints []string) []string {
	var out []string
	for _, m := range Moments {
		for _, t := range touchpoints {
			if MomentOf(t) == m {
				out = append(out, m)
				break
			}
		}
	}
	return out
}
