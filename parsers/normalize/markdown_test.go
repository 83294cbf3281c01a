package normalize

import (
	"strings"
	"testing"
	"time"
)

func TestMarkdownBecomesPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                  "plain",
		"a **bold** and *weak* ~~gone~~ `code`":  "a bold and weak gone code",
		"snake_case_name and _em_":               "snake_case_name and em",
		"2 * 3 * 4, 5*3, \\*kept\\*":             "2 * 3 * 4, 5*3, *kept*",
		"one\ntwo\n\nthree":                      "one two\n\nthree",
		"line  \nbreak":                          "line\n\nbreak",
		"# Head\ntext":                           "Head text",
		"Head\n===\ntext":                        "Head\n\ntext",
		"> quoted\n\nanswer":                     "quoted\n\nanswer",
		"&gt; quoted &amp;lt; x":                 "quoted < x",
		"- one\n- two":                           "one\n\ntwo",
		"1. one\n2. two":                         "1. one\n\n2. two",
		"see [this page](https://a.example/x)":   "see this page (https://a.example/x)",
		"[wiki](https://a.example/b_(c) \"t\")":  "wiki (https://a.example/b_(c))",
		"[https://a.example](https://a.example)": "https://a.example",
		"![](https://a.example/i.png)":           "https://a.example/i.png",
		"<https://a.example/x>":                  "https://a.example/x",
		"[not a link] (x)":                       "[not a link] (x)",
		"I <3 it, a < b":                         "I <3 it, a < b",
		">!the butler!<":                         "the butler",
		"|a|b|\n|:-|-:|\n|1|2|":                  "a b\n\n1 2",
		"```\n<b>x</b>\n```":                     "x",
		"&#x200B;":                               "",
	} {
		if got := Markdown(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestMarkdownCostIsLinear(t *testing.T) {
	for _, s := range []string{"[", "*a", "_a ", "![", "[](", "<", "\\", ">", "`", "(", "[a](b"} {
		start := time.Now()
		Markdown(strings.Repeat(s, 1<<18/len(s)))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q took %v", s, took)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"a **b** [c](d)", "![x](y) <http://z>", "> # - 1. |a|", "```\nx\n```", "*_~`\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := Markdown(s); hasTag(got) {
			t.Errorf("markup in %q", got)
		}
	})
}
