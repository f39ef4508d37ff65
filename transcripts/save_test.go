package transcripts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOfflineRefusesAndCounts(t *testing.T) {
	var o Offline
	if len(o.Dials()) != 0 {
		t.Error("dials before the first")
	}
	if _, err := o.DialContext(context.Background(), "tcp", "example.org:443"); !errors.Is(err, ErrOffline) {
		t.Errorf("error %v", err)
	}
	if got := o.Dials(); len(got) != 1 || got[0] != "tcp example.org:443" {
		t.Errorf("dials %v", got)
	}
}

func TestChecker(t *testing.T) {
	s := &Session{Front: []FrontKey{{"elide", "elide: {time: '[0-9]+ ms'}\n"}}}
	cell := &Cell{Name: "c1", Output: "took 12 ms\nsame\n"}
	exact, err := NewChecker("a.hx.md", s, false)
	if err != nil {
		t.Fatal(err)
	}
	diff := exact.Check(cell, "took 13 ms\nsame")
	for _, want := range []string{"a.hx.md hx-out=c1 (recorded)", "-took 12 ms\n", "+took 13 ms\n", " same\n"} {
		if !strings.Contains(diff, want) {
			t.Errorf("the diff lacks %q:\n%s", want, diff)
		}
	}
	live, err := NewChecker("", s, true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := live.Check(cell, "took 13 ms\nsame\n"); diff != "" {
		t.Errorf("elided output differs:\n%s", diff)
	}
}

func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.hx.md")
	s := concurrentSession()
	verified := 0
	o := SaveOptions{Verify: func(doc []byte, blobs Blobs) error {
		verified++
		_, err := Parse(doc, blobs.Folder())
		return err
	}}
	saved, err := Save(path, s, o)
	if err != nil || !saved.Verified || verified != 1 || saved.Cells != 1 || saved.Exchanges != 2 {
		t.Fatalf("%+v, %v", saved, err)
	}
	if again, err := Save(path, s, o); err != nil || !again.Unchanged || again.Backup != "" {
		t.Errorf("saving again: %+v, %v", again, err)
	}
	first, _ := os.ReadFile(path)
	s.Cells[0].Output = "new\n"
	if changed, err := Save(path, s, o); err != nil || changed.Backup != path+".bak" {
		t.Errorf("saving a change: %+v, %v", changed, err)
	}
	if old, err := os.ReadFile(path + ".bak"); err != nil || string(old) != string(first) {
		t.Errorf("the backup is not the older file: %v", err)
	}
	doc, err := Load(path)
	if err != nil || doc.Session.Cells[0].Output != "new\n" {
		t.Errorf("%v, %v", doc, err)
	}
	var unverified *UnverifiedError
	s.Cells[0].Output = "newer\n"
	if _, err := Save(path, s, SaveOptions{Verify: func([]byte, Blobs) error { return errDisk }}); !errors.As(err, &unverified) || !errors.Is(err, errDisk) {
		t.Errorf("a failed verification: %v", err)
	}
	s.Cells[0].Output = "AKIAIOSFODNN7EXAMPLE\n"
	var secrets *SecretsError
	if _, err := Save(path, s, SaveOptions{}); !errors.As(err, &secrets) || !strings.Contains(err.Error(), "AWS access key id") {
		t.Errorf("a secret in the output: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("temporary files stay: %v", left)
	}
}
