package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are the flags that the prompt, run, eval and replay share.
type settings struct {
	baseURL   string
	headers   [][2]string
	timeout   time.Duration
	hasLimit  bool
	noLimit   bool
	http2     bool
	noVerify  bool
	proxy     string
	lab       bool
	allowEnv  []string
	allowNet  []string
	allowRead []string
	preload   string
	maxHeap   int64
	record    string
	noJournal bool
	color     string
	seed      string
	help      bool
}

const flagHelp = `  --base-url URL             what relative URLs of the session's client are relative to
  -H, --header 'Name: value' send a header with every request of the session's client (repeatable)
  --timeout SECONDS          its timeouts for connecting, reading, writing and the pool; 0 for none (default 5)
  --http2                    offer HTTP/2
  -k, --no-verify            accept any certificate
  --proxy URL                send everything through a proxy
  --lab                      start the embedded lab server and make it the base URL
  --allow-env NAMES          environment variables that scripts may read, comma-separated
  --allow-read PATHS         files and folders that scripts may import and read, comma-separated
  --allow-net HOSTS          the only hosts that scripts may reach, comma-separated
  --preload FILE             run a script first, as the first cell
  --max-memory SIZE          stop scripts beyond it: a number of bytes, or such as 512M or 2G (default 768M)
  --record FILE              save the session as a transcript at its end
  --no-journal               do not keep a journal of the session
  --color auto|always|never  colours (default auto; NO_COLOR is honoured)
  --seed N                   start random numbers from N
`

// parseFlags reads the flags before the first other argument and returns what follows.
func parseFlags(what string, args []string) (settings, []string, error) {
	var s settings
	f := flag.NewFlagSet(what, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.baseURL, "base-url", "", "")
	header := func(v string) error {
		name, value, ok := strings.Cut(v, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return errors.New("a header is written 'Name: value'")
		}
		s.headers = append(s.headers, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
		return nil
	}
	f.Func("H", "", header)
	f.Func("header", "", header)
	f.Func("timeout", "", func(v string) error {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || n < 0 || n > 1e6 {
			return errors.New("it is a number of seconds, 0 for none")
		}
		s.timeout, s.hasLimit, s.noLimit = time.Duration(n*float64(time.Second)), true, n == 0
		return nil
	})
	f.BoolVar(&s.http2, "http2", false, "")
	f.BoolVar(&s.noVerify, "k", false, "")
	f.BoolVar(&s.noVerify, "no-verify", false, "")
	f.StringVar(&s.proxy, "proxy", "", "")
	f.BoolVar(&s.lab, "lab", false, "")
	f.Func("allow-env", "", func(v string) error { s.allowEnv = append(s.allowEnv, list(v)...); return nil })
	f.Func("allow-net", "", func(v string) error { s.allowNet = append(s.allowNet, list(v)...); return nil })
	f.Func("allow-read", "", func(v string) error { s.allowRead = append(s.allowRead, list(v)...); return nil })
	f.StringVar(&s.preload, "preload", "", "")
	f.Func("max-memory", "", func(v string) (err error) { s.maxHeap, err = parseSize(v); return err })
	f.StringVar(&s.record, "record", "", "")
	f.BoolVar(&s.noJournal, "no-journal", false, "")
	f.Func("color", "", func(v string) error {
		if !slices.Contains([]string{"auto", "always", "never"}, v) {
			return errors.New("it is auto, always or never")
		}
		s.color = v
		return nil
	})
	f.StringVar(&s.seed, "seed", "", "")
	f.BoolVar(&s.help, "help", false, "")
	f.BoolVar(&s.help, "h", false, "")
	err := f.Parse(args)
	if s.help || errors.Is(err, flag.ErrHelp) {
		return s, nil, errHelp
	}
	if err != nil {
		return s, nil, flagError(err)
	}
	return s, f.Args(), nil
}

// errHelp means that a flag asked for the usage text.
var errHelp = errors.New("help was asked for")

// flagError words an error of package flag with the flags as the usage text writes them.
func flagError(err error) error {
	text := strings.Replace(err.Error(), "flag provided but not defined: ", "there is no flag ", 1)
	text = strings.Replace(text, "flag needs an argument: ", "a value is missing after ", 1)
	text = longFlag.ReplaceAllString(text, "$1--$2")
	return usageError("%s (httpx-repl --help lists the flags)", text)
}

var longFlag = regexp.MustCompile(`(flag |for |after )-([a-z][a-z0-9-]+)`)

// minMemory is the least that --max-memory can be: an empty session takes some megabytes.
const minMemory = 64 << 20

// parseSize reads a number of bytes with an optional K, M or G, which are powers of 1024.
func parseSize(v string) (int64, error) {
	number, unit := strings.TrimRight(v, "KMGkmg"), int64(1)
	switch strings.ToUpper(v[len(number):]) {
	case "":
	case "K":
		unit = 1 << 10
	case "M":
		unit = 1 << 20
	case "G":
		unit = 1 << 30
	default:
		number = ""
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > 1<<40/unit {
		return 0, errors.New("it is a size such as 512M or 2G")
	}
	if n*unit < minMemory {
		return 0, errors.New("it is at least 64M")
	}
	return n * unit, nil
}

func list(v string) []string {
	var out []string
	for _, s := range strings.Split(v, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// mayReach reports whether a host, with or without its port, is one that --allow-net names.
func (s settings) mayReach(rawURL string) error {
	if len(s.allowNet) == 0 {
		return nil
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return fmt.Errorf("the URL cannot be checked against --allow-net")
	}
	for _, allowed := range s.allowNet {
		host, port, err := net.SplitHostPort(allowed)
		if err != nil {
			host, port = allowed, ""
		}
		if strings.EqualFold(host, u.Hostname()) && (port == "" || port == u.Port()) {
			return nil
		}
	}
	return fmt.Errorf("%s is not among the hosts that --allow-net names (%s)", u.Host, strings.Join(s.allowNet, ", "))
}
