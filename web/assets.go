package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
)

//go:embed assets
var assetFiles embed.FS

// assets are the style sheet, the script and the icon, with their digests.
type assets struct{ files map[string]asset }

type asset struct {
	body        []byte
	digest      string
	contentType string
}

func loadAssets() (*assets, error) {
	a := &assets{files: map[string]asset{}}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		return nil, err
	}
	types := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	}
	for _, e := range entries {
		body, err := fs.ReadFile(assetFiles, "assets/"+e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		a.files[e.Name()] = asset{body: body, digest: hex.EncodeToString(sum[:8]), contentType: types[path.Ext(e.Name())]}
	}
	return a, nil
}

// url is the address of an asset, with its digest: a new version gets a new
// address and may be kept for ever.
func (a *assets) url(name string) string { return "/assets/" + name + "?v=" + a.files[name].digest }

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("name")]
	if !ok {
		writePlain(w, http.StatusNotFound, "no such file\n")
		return
	}
	etag := `W/"` + f.digest + `"` // weak: the same file with and without gzip
	w.Header().Set("ETag", etag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == f.digest {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if match := r.Header.Get("If-None-Match"); match == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Write(f.body)
}
