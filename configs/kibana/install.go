package kibana

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Client talks to a Kibana.
type Client struct {
	// URL is Kibana's, with its base path where it has one. Space is the space
	// to install into; empty means the default one.
	URL, Space string
	// APIKey, or User and Password, say who asks; both empty is nobody.
	APIKey, User, Password string
	HTTP                   *http.Client
}

// maxAnswer is the most bytes of an answer of Kibana's.
const maxAnswer = 32 << 20

// oldest is the first Kibana that takes objects of these versions.
const oldestMajor, oldestMinor = 8, 9

// Install puts objects into Kibana, over earlier ones of the same ids, and
// reads every one of them back. An error names what Kibana did not take.
func (c *Client) Install(ctx context.Context, objects []Object) error {
	if err := c.checkVersion(ctx); err != nil {
		return err
	}
	if err := c.send(ctx, objects); err != nil {
		return err
	}
	return c.verify(ctx, objects)
}

// checkVersion asks for the version before anything is written (GET
// /api/status).
func (c *Client) checkVersion(ctx context.Context) error {
	var status struct {
		Version struct {
			Number string `json:"number"`
		} `json:"version"`
	}
	if err := c.call(ctx, http.MethodGet, "", "/api/status", "", nil, &status); err != nil {
		return err
	}
	major, rest, _ := strings.Cut(status.Version.Number, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA != nil || errB != nil {
		return fmt.Errorf("kibana: %s does not answer like a Kibana: its version is %q", c.URL, status.Version.Number)
	}
	if a < oldestMajor || a == oldestMajor && b < oldestMinor {
		return fmt.Errorf("kibana: version %s is too old; %d.%d or later is needed", status.Version.Number, oldestMajor, oldestMinor)
	}
	return nil
}

// send imports objects (POST /api/saved_objects/_import).
func (c *Client) send(ctx context.Context, objects []Object) error {
	lines, err := NDJSON(objects)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "klank.ndjson") // Kibana refuses other endings
	if err == nil {
		_, err = file.Write(lines)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return fmt.Errorf("kibana: %w", err)
	}
	var answer struct {
		Success bool `json:"success"`
		Count   int  `json:"successCount"`
		Errors  []struct {
			ID    string `json:"id"`
			Type  string `json:"type"`
			Error struct {
				Type    string `json:"type"`
				Message string `json:"message"`
			} `json:"error"`
		} `json:"errors"`
	}
	if err := c.call(ctx, http.MethodPost, c.space(), "/api/saved_objects/_import?overwrite=true", form.FormDataContentType(), &body, &answer); err != nil {
		return err
	}
	var refused []error
	for _, e := range answer.Errors {
		refused = append(refused, fmt.Errorf("kibana: %s %s was not taken: %s", e.Type, e.ID, cmp.Or(e.Error.Message, e.Error.Type)))
	}
	if len(refused) == 0 && (!answer.Success || answer.Count != len(objects)) {
		refused = append(refused, fmt.Errorf("kibana: it took %d of %d objects", answer.Count, len(objects)))
	}
	return errors.Join(refused...)
}

// verify reads objects back (POST /api/saved_objects/_bulk_get).
func (c *Client) verify(ctx context.Context, objects []Object) error {
	var ids []object
	for _, o := range objects {
		ids = append(ids, object{"type": o.Type, "id": o.ID})
	}
	var answer struct {
		Saved []struct {
			Object
			Error *struct {
				Message string `json:"message"`
			} `json:"error"`
		} `json:"saved_objects"`
	}
	if err := c.call(ctx, http.MethodPost, c.space(), "/api/saved_objects/_bulk_get", "application/json", strings.NewReader(text(ids)), &answer); err != nil {
		return err
	}
	found := map[string]Object{}
	var wrong []error
	for _, s := range answer.Saved {
		if s.Error != nil {
			wrong = append(wrong, fmt.Errorf("kibana: %s %s cannot be read back: %s", s.Type, s.ID, s.Error.Message))
			continue
		}
		found[s.Type+" "+s.ID] = s.Object
	}
	for _, o := range objects {
		got, ok := found[o.Type+" "+o.ID]
		switch {
		case !ok && len(wrong) == 0:
			wrong = append(wrong, fmt.Errorf("kibana: %s %s is not there after the import", o.Type, o.ID))
		case ok && (got.Attributes["title"] != o.Attributes["title"] || !sameTargets(got.References, o.References)):
			wrong = append(wrong, fmt.Errorf("kibana: %s %s is there, and is another: %q", o.Type, o.ID, got.Attributes["title"]))
		}
	}
	return errors.Join(wrong...)
}

// sameTargets compares what objects refer to. Kibana may give references other
// names when it migrates an object.
func sameTargets(a, b []Reference) bool {
	targets := func(refs []Reference) []string {
		var out []string
		for _, r := range refs {
			out = append(out, r.Type+" "+r.ID)
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(targets(a), targets(b))
}

func (c *Client) space() string {
	if c.Space == "" {
		return ""
	}
	return "/s/" + url.PathEscape(c.Space)
}

// call asks Kibana for one thing.
func (c *Client) call(ctx context.Context, method, space, path, contentType string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.URL, "/")+space+path, body)
	if err != nil {
		return fmt.Errorf("kibana: %w", err)
	}
	req.Header.Set("kbn-xsrf", "klank")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	switch {
	case c.APIKey != "":
		req.Header.Set("Authorization", "ApiKey "+c.APIKey)
	case c.User != "":
		req.SetBasicAuth(c.User, c.Password)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("kibana: %w; is it running, and is the address right?", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("kibana: %w", err)
	}
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("kibana: %s: %s; give an API key or a user with the right to manage saved objects", path, res.Status)
	default:
		return fmt.Errorf("kibana: %s: %s: %s", path, res.Status, short(answer))
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("kibana: %s does not answer like a Kibana: %w", path, err)
	}
	return nil
}

// short is what fits into a message of a body of Kibana's or somebody else's.
func short(b []byte) string {
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(b, &e) == nil && e.Message != "" {
		return e.Message
	}
	return strings.ToValidUTF8(string(b[:min(len(b), 200)]), "")
}
