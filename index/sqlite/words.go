package sqlite

import (
	"database/sql"

	"klank/index"
	"klank/index/text"
	"klank/mention"
)

// wordWriter cuts and stems texts for the full-text index.
type wordWriter struct {
	// unread are new mentions whose words are not in the full-text index yet:
	// they go there together at the end of a transaction, as one segment.
	unread []prose
	stem   text.Stemmer // remembers stems across batches
	tokens []text.Token
	plain  []byte
	stems  []byte
}

// prose is what the full-text index takes of a mention.
type prose struct {
	rowid                 int64
	title, text, language string
}

func proseOf(rowid int64, m *mention.Mention) prose {
	return prose{rowid, m.Title, m.Text, index.Language(m)}
}

// titleEnd stands between the words of the title and those of the text, so
// that no phrase runs from one into the other. No word is spelled like it.
const titleEnd = "\u00b6"

// addWords puts the words of the new mentions into the full-text index; see
// addRest.
func (w *writer) addWords(tx *sql.Tx) error {
	for _, p := range w.unread {
		if err := w.putWords(tx, &w.stmts.addWords, p); err != nil {
			return err
		}
	}
	clear(w.unread) // not to hold their texts
	w.unread = w.unread[:0]
	return nil
}

func (w *writer) putWords(tx *sql.Tx, words *stmt, p prose) error {
	w.plain, w.stems = w.plain[:0], w.stems[:0]
	w.cut(p.title, p.language)
	if len(w.plain) > 0 && p.text != "" {
		w.plain = append(w.plain, titleEnd+" "...)
		w.stems = append(w.stems, titleEnd+" "...)
	}
	w.cut(p.text, p.language)
	_, err := words.in(tx).Exec(p.rowid, w.plain, w.stems)
	return err
}

// cut adds the words of s and their stems.
func (w *wordWriter) cut(s, language string) {
	w.tokens = text.AppendTokens(w.tokens[:0], s)
	for _, t := range w.tokens {
		w.plain = append(append(w.plain, t.Word...), ' ')
		w.stems = append(w.stem.AppendStem(w.stems, t.Word, language), ' ')
	}
}
