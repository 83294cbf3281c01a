package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The lengths of a password: in characters at least, as NIST SP 800-63B-4 asks
// where nothing else is asked for, and in bytes at most.
const (
	minPassword = 12
	maxPassword = 1024
)

// hashing are the parameters of Argon2id: memory in KiB, passes over it, and
// lanes.
type hashing struct {
	memory, passes uint32
	lanes          uint8
}

// standardHashing is the second recommended option of RFC 9106, section 4; it is
// above what OWASP's Password Storage Cheat Sheet asks for.
var standardHashing = hashing{memory: 64 << 10, passes: 3, lanes: 4}

const (
	saltBytes  = 16
	hashBytes  = 32
	hashFormat = "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s"
)

// HashPassword checks the length of a password and returns an Argon2id hash of
// it in the PHC string format, which names its parameters.
func HashPassword(password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < minPassword || len(password) > maxPassword {
		return "", fmt.Errorf("web: a password has at least %d characters and at most %d bytes", minPassword, maxPassword)
	}
	return standardHashing.hash(password), nil
}

func (h hashing) hash(password string) string {
	salt, enc := random(saltBytes), base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf(hashFormat, argon2.Version, h.memory, h.passes, h.lanes, enc(salt), enc(h.key(password, salt)))
}

// nobody is a hash that no password fits, and that takes as long to find that
// out.
func (h hashing) nobody() string {
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf(hashFormat, argon2.Version, h.memory, h.passes, h.lanes, enc(random(saltBytes)), enc(random(hashBytes)))
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// key normalises as RFC 8265 does with passwords, so that it does not matter
// how a keyboard composes its letters.
func (h hashing) key(password string, salt []byte) []byte {
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), salt, h.passes, h.memory, h.lanes, hashBytes)
}

// errHash says that a stored hash cannot be read.
var errHash = errors.New("web: a stored password cannot be read; set it again with klank user password")

// passwordFits tells whether a password is the one of a stored hash. It takes as
// long for one that is not.
func passwordFits(password, stored string) (bool, error) {
	part := strings.Split(stored, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errHash
	}
	var h hashing
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil || h.passes == 0 || h.lanes == 0 {
		return false, errHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(part[4])
	if err != nil {
		return false, errHash
	}
	want, err := base64.RawStdEncoding.DecodeString(part[5])
	if err != nil || len(want) != hashBytes {
		return false, errHash
	}
	return subtle.ConstantTimeCompare(h.key(password, salt), want) == 1, nil
}
