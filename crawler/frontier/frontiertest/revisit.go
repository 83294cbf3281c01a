package frontiertest

import (
	"fmt"
	"strings"
	"time"

	"klank/crawler/frontier"
	"klank/mention"
)

// plan is that of any run after the first.
var plan = frontier.Plan{Generation: "g1", DeepEvery: time.Hour}

func (f *fixture) beginAs(source string, p frontier.Plan) mention.Run {
	f.Helper()
	run, resumed, err := f.BeginRun(f.Context(), source, p)
	if err != nil || resumed {
		f.Fatalf("begin %s: resumed %v, %v", source, resumed, err)
	}
	return run
}

func (f *fixture) end(run mention.Run, status string) mention.Run {
	f.Helper()
	return must(f.EndRun(f.Context(), run, status))(f)
}

// visit settles everything that is due as done, with that body, and returns
// what it was.
func (f *fixture) visit(source, body string) (urls []string) {
	f.Helper()
	for {
		l := must(f.Lease(f.Context(), []string{source}, ttl))(f)
		if l == nil {
			return urls
		}
		claimed := must(f.Claim(f.Context(), l, 100))(f)
		for _, u := range claimed {
			r := done(u)
			r.SHA256 = body
			f.settle(l, r)
			urls = append(urls, strings.TrimPrefix(u.URL, host))
		}
		f.release(l, time.Time{})
	}
}

// due begins a run, visits what is due in it and ends it.
func (f *fixture) due(source string, p frontier.Plan, body string) (urls []string, run mention.Run) {
	f.Helper()
	run = f.beginAs(source, p)
	urls = f.visit(source, body)
	return urls, f.end(run, "done")
}

func (f *fixture) want(what string, got []string, want ...string) {
	f.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		f.Fatalf("%s: %q were due, want %q", what, got, want)
	}
}

// kinds is a page of each priority.
func (f *fixture) kinds(run mention.Run) []string {
	f.Helper()
	var paths []string
	for p, path := range []string{"/", "/next", "/item", "/feed", "/page"} {
		must(f.Add(f.Context(), run, links(frontier.Priority(p), host+path)))(f)
		paths = append(paths, path)
	}
	return paths
}

// restless tells that too much time has passed since then for a page to rest
// that was the same for so long: this machine is busy.
func restless(since time.Time, same time.Duration) bool { return time.Since(since) > same/8 }

// revisits has pages stay the same for a while, and asks what is due soon
// after that and some time later.
func revisits(f *fixture) {
	for same := 400 * time.Millisecond; same < 10*time.Second; same *= 2 {
		source := "shop " + same.String()
		run := f.beginAs(source, plan)
		all := f.kinds(run)
		f.want("first run", f.visit(source, "a"), all...)
		f.end(run, "done")
		time.Sleep(same)
		seen := time.Now()
		urls, _ := f.due(source, plan, "a")
		f.want("a run after one only", urls, all...)

		urls, run = f.due(source, plan, "a")
		if restless(seen, same) {
			continue
		}
		f.want("soon after", urls, "/", "/next", "/feed")
		if run.NotDue != 2 || run.Deep {
			f.Errorf("soon after: %+v", run)
		}
		if st := f.stats(source); st.Run.NotDue != 2 || st.Done != len(all) {
			f.Errorf("soon after: %+v", st)
		}
		urls, run = f.due(source, frontier.Plan{Generation: "g1", Deep: true}, "a")
		f.want("a deep run", urls, all...)
		if run.NotDue != 0 {
			f.Errorf("a deep run: %+v", run)
		}
		if restless(seen, same) {
			continue
		}
		urls, _ = f.due(source, frontier.Plan{Generation: "g2"}, "a")
		f.want("for another index", urls, all...)
		time.Sleep(time.Until(seen.Add(same))) // more than a quarter
		urls, _ = f.due(source, plan, "b")
		f.want("later", urls, all...)
		urls, _ = f.due(source, plan, "b")
		f.want("soon after a change", urls, all...)
		return
	}
	f.Skip("this machine is too busy to tell times apart")
}

// aliases has a page that names another one as its canonical URL.
func aliases(f *fixture) {
	run := f.begin("shop", host+"/")
	must(f.Add(f.Context(), run, links(frontier.PriorityItem, host+"/p", host+"/p?red")))(f)
	l := f.lease("shop")
	u := f.claim(l, host+"/", host+"/p", host+"/p?red")
	var results []frontier.Result
	for i := range u {
		r := done(u[i])
		r.SHA256, r.Alias = "a", i == 2
		results = append(results, r)
	}
	f.settle(l, results...)
	f.release(l, time.Time{})
	f.end(run, "done")
	soon := frontier.Plan{Generation: "g1", DeepEvery: time.Hour, LeastRest: time.Hour}
	urls, run := f.due("shop", soon, "a")
	f.want("the next run", urls, "/", "/p")
	if run.NotDue != 0 {
		f.Errorf("an alias is counted: %+v", run)
	}
	soon.Deep = true
	urls, _ = f.due("shop", soon, "b")
	f.want("a deep run", urls, "/", "/p", "/p?red")
}

// restlessEnds has pages that were not done be due in every run.
func restlessEnds(f *fixture) {
	run := f.begin("shop", host+"/gone", host+"/moved", host+"/later")
	l := f.lease("shop")
	u := f.claim(l, host+"/gone", host+"/moved", host+"/later")
	moved := done(u[1])
	moved.SHA256 = ""
	f.settle(l, frontier.Result{URL: u[0], State: frontier.Dead, Class: "gone"}, moved,
		frontier.Result{URL: u[2], State: frontier.Failed, Due: time.Now().Add(time.Hour), Class: "server"})
	f.release(l, time.Time{})
	f.end(run, "done")
	urls, _ := f.due("shop", plan, "a")
	f.want("the next run", urls, "/gone", "/moved", "/later")
}

func deepRuns(f *fixture) {
	often := frontier.Plan{Generation: "g1", DeepEvery: time.Millisecond}
	seldom := plan
	never := frontier.Plan{Generation: "g1"}
	for _, step := range []struct {
		what   string
		plan   frontier.Plan
		deep   bool
		status string
	}{
		{"the first run", never, true, "failed"},
		{"the first that may end well", never, true, "suspect"},
		{"the next", seldom, true, "done"},
		{"one soon after", seldom, false, "done"},
		{"one without bound", never, false, "done"},
		{"one that is due for it", often, true, "failed"},
		{"one after a failure", often, true, "done"},
		{"one that is asked for", frontier.Plan{Generation: "g1", Deep: true}, true, "done"},
		{"the last", seldom, false, "done"},
	} {
		time.Sleep(2 * time.Millisecond)
		run := f.beginAs("shop", step.plan)
		if run.Deep != step.deep || f.stats("shop").Run.Deep != step.deep {
			f.Errorf("%s: deep %v", step.what, run.Deep)
		}
		f.end(run, "interrupted")
		run, resumed, err := f.BeginRun(f.Context(), "shop", never)
		if err != nil || !resumed || run.Deep != step.deep {
			f.Errorf("%s, resumed: %+v, %v", step.what, run, err)
		}
		run.Deep = !step.deep // how it turned out
		if end := f.end(run, step.status); end.Deep == step.deep {
			f.Errorf("%s, ended: %+v", step.what, end)
		}
	}
}

// deepInstead asks for a deep run where another was interrupted.
func deepInstead(f *fixture) {
	f.due("shop", plan, "a") // no page is known, which is deep
	run := f.beginAs("shop", plan)
	must(f.Add(f.Context(), run, links(frontier.PriorityPage, host+"/a", host+"/b")))(f)
	if run.Deep {
		f.Fatal("the second run is deep")
	}
	l := f.lease("shop")
	u := f.claim(l, host+"/a", host+"/b")
	f.settle(l, done(u[0]))
	deep := frontier.Plan{Generation: "g1", Deep: true}
	if again, resumed, err := f.BeginRun(f.Context(), "shop", deep); err != nil || !resumed || again.ID != run.ID || again.Deep {
		f.Errorf("while somebody works on it: %+v, %v, %v", again, resumed, err)
	}
	f.release(l, time.Time{})
	f.end(run, "interrupted")
	time.Sleep(2 * time.Millisecond) // the new run is later than the old
	urls, instead := f.due("shop", deep, "a")
	f.want("the deep run", urls, "/b", "/a")
	if instead.ID == run.ID {
		f.Error("the run that was not deep went on")
	}
	if again, resumed, err := f.BeginRun(f.Context(), "shop", plan); err != nil || resumed {
		f.Errorf("after that: %+v, %v, %v", again, resumed, err)
	}
}

func modified(f *fixture) {
	run := f.beginAs("shop", plan)
	all := f.kinds(run)
	f.want("first run", f.visit("shop", "a"), all...)
	f.end(run, "done")
	time.Sleep(2 * time.Millisecond)

	add := func(run mention.Run, l frontier.Link) {
		f.Helper()
		if n := must(f.Add(f.Context(), run, []frontier.Link{l}))(f); n != 0 {
			f.Errorf("%s was added", l.URL)
		}
	}
	bodies := 0
	visit := func() []string { // each time another body, so that nothing rests for itself
		bodies++
		return f.visit("shop", fmt.Sprint("body ", bodies))
	}
	hour := time.Now().Add(-time.Hour)
	for p, path := range all { // seeds, lists and feeds stay due whatever is said
		if p == 1 || p == 3 {
			continue
		}
		run = f.beginAs("shop", plan)
		add(run, frontier.Link{URL: host + path, Priority: frontier.PriorityPage, Depth: 1, Modified: hour})
		urls := visit()
		if kept := strings.Contains(strings.Join(urls, " ")+" ", path+" "); kept != (p == 0) {
			f.Errorf("%s was modified before its visit: %q were due", path, urls)
		}
		if n := f.end(run, "done").NotDue; n != len(all)-len(urls) {
			f.Errorf("%s: %d not due", path, n)
		}
	}

	// At some time of a day on which it was visited: that says nothing.
	run = f.beginAs("shop", plan)
	add(run, frontier.Link{URL: host + "/item", Priority: frontier.PriorityPage, Depth: 1, Modified: hour, Within: 2 * time.Hour})
	f.want("within a span", visit(), all...)
	f.end(run, "done")

	// Left out at first, and modified meanwhile.
	run = f.beginAs("shop", plan)
	add(run, frontier.Link{URL: host + "/item", Priority: frontier.PriorityPage, Depth: 1, Modified: hour})
	time.Sleep(2 * time.Millisecond) // visits of this run are later than its beginning
	f.want("left out", visit(), "/", "/next", "/feed", "/page")
	add(run, frontier.Link{URL: host + "/item", Priority: frontier.PriorityPage, Depth: 1, Modified: time.Now().Add(time.Hour)})
	f.want("modified", visit(), "/item")
	add(run, frontier.Link{URL: host + "/item", Priority: frontier.PriorityPage, Depth: 1, Modified: time.Now().Add(time.Hour)})
	f.want("visited in this run", visit())
	if end := f.end(run, "done"); end.NotDue != 0 {
		f.Errorf("after all: %+v", end)
	}

	run = f.beginAs("shop", frontier.Plan{Generation: "g1", Deep: true})
	add(run, frontier.Link{URL: host + "/item", Priority: frontier.PriorityPage, Depth: 1, Modified: hour})
	f.want("a deep run", visit(), all...)
}

func later(f *fixture) {
	run := f.begin("shop", host+"/")
	l := f.lease("shop")
	r := done(f.claim(l, host+"/")[0], frontier.Link{URL: host + "/feed", Priority: frontier.PriorityFeed, Later: true},
		frontier.Link{URL: "https://other.example/feed", Later: true}, frontier.Link{URL: host + "/p"})
	if n := f.settle(l, r); n != 1 {
		f.Errorf("%d links are to be asked for, want 1", n)
	}
	f.settle(l, done(f.claim(l, host+"/p")[0]))
	f.release(l, time.Time{})
	f.nothing("shop")
	f.end(run, "done")
	urls, _ := f.due("shop", plan, "a")
	if len(urls) != 4 {
		f.Errorf("the next run visits %q", urls)
	}
}

// unasked has a page that was not asked for not count as visited.
func unasked(f *fixture) {
	run := f.beginAs("shop", plan)
	must(f.Add(f.Context(), run, links(frontier.PriorityPage, host+"/p")))(f)
	visited := time.Now()
	f.visit("shop", "a")
	f.end(run, "done")
	time.Sleep(2 * time.Millisecond)
	between := time.Now()
	time.Sleep(2 * time.Millisecond)
	run = f.beginAs("shop", plan)
	l := f.lease("shop")
	r := done(f.claim(l, host+"/p")[0])
	r.Unasked = true
	must(f.Settle(f.Context(), l, frontier.Tally{Skipped: 1}, []frontier.Result{r}))(f)
	f.release(l, time.Time{})
	if end := f.end(run, "done"); end.Skipped != 1 {
		f.Errorf("ended %+v", end)
	}
	run = f.beginAs("shop", plan)
	must(f.Add(f.Context(), run, []frontier.Link{{URL: host + "/p", Priority: frontier.PriorityPage, Modified: visited.Add(-time.Hour), Within: time.Hour + between.Sub(visited)}}))(f)
	f.want("modified between the visits", f.visit("shop", "a"), "/p")
}

func pausedSource(f *fixture) {
	f.begin("shop", host+"/a")
	f.begin("blog", "https://blog.example/")
	set := func(source string, paused bool, reason string, news bool) {
		f.Helper()
		if changed, err := f.SetPaused(f.Context(), source, paused, reason); err != nil || changed != news {
			f.Errorf("pause %s %v: changed %v, %v", source, paused, changed, err)
		}
	}
	l := f.lease("shop")
	other := f.handle()
	if st := must(other.Stats(f.Context(), "shop"))(f)[0]; !st.Working || st.Paused != nil {
		f.Errorf("while it is leased: %+v", st)
	}
	set("shop", true, "the site moves house", true)
	set("shop", true, "until Monday", false)
	set("nobody yet", true, "", true)
	p := must(other.Paused(f.Context(), "shop", "blog"))(f)
	if len(p) != 1 || p["shop"].Reason != "until Monday" || time.Since(p["shop"].Since) > time.Minute {
		f.Errorf("paused %+v", p)
	}
	if p := must(other.Paused(f.Context()))(f); len(p) != 2 {
		f.Errorf("paused of all %+v", p)
	}
	f.settle(l, done(f.claim(l, host+"/a")[0], frontier.Link{URL: host + "/b"})) // what is under way is put down
	f.release(l, time.Time{})
	f.nothing("shop")
	st := f.stats("shop")
	if st.Working || st.Paused == nil || st.Paused.Reason != "until Monday" {
		f.Errorf("stats %+v", st)
	}
	if l := f.lease("shop", "blog"); l.Source != "blog" {
		f.Errorf("leased %+v", l)
	}
	set("shop", false, "", true)
	set("shop", false, "", false)
	if p := must(other.Paused(f.Context(), "shop"))(f); len(p) != 0 || f.stats("shop").Paused != nil {
		f.Errorf("still paused %+v", p)
	}
	f.claim(f.lease("shop"), host+"/b")
}
