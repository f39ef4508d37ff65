package engine

import "strings"

// CharsetEncoding is the charset of Content-Type in lower case, or "" when there is none.
func (r *Response) CharsetEncoding() string {
	contentType, _ := r.Headers.Get("Content-Type")
	_, params, _ := strings.Cut(contentType, ";")
	for _, param := range strings.Split(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "charset") {
			return strings.ToLower(strings.Trim(strings.TrimSpace(value), `"'`))
		}
	}
	return ""
}

// Encoding is the character encoding that the text is decoded with: the one that was set, or else the charset of Content-Type
// when it is a known one, or else the client's default.
func (r *Response) Encoding() string {
	if r.encoding != "" {
		return r.encoding
	}
	encoding := r.CharsetEncoding()
	if _, known := CharsetDecoder(encoding); encoding == "" || !known {
		encoding = r.DefaultEncoding
		if r.DetectEncoding != nil {
			if !r.loaded {
				return "utf-8"
			}
			encoding = r.DetectEncoding(r.content)
		}
	}
	if encoding == "" {
		encoding = "utf-8"
	}
	r.encoding = encoding
	return encoding
}

// SetEncoding overrides the character encoding. After Text was read it is a ValueError, and so is an unknown encoding.
func (r *Response) SetEncoding(label string) error {
	if r.textRead {
		return NewError(ValueError, r.Request, "Setting encoding after `text` has been accessed is not allowed.")
	}
	if _, known := CharsetDecoder(label); !known {
		return NewError(ValueError, r.Request, "unknown encoding: %s", quoted(label))
	}
	r.encoding = strings.ToLower(label)
	return nil
}

// Text is the decoded body of a response that was read, as text; bytes that are not in the encoding become U+FFFD. Before the
// body was read it is a ResponseNotRead error.
func (r *Response) Text() (string, error) {
	if r.textRead {
		return r.text, nil
	}
	content, err := r.Content()
	if err != nil {
		return "", err
	}
	if len(content) > 0 {
		decoder := r.textDecoder()
		r.text = decoder.Decode(content) + decoder.Flush()
	}
	r.textRead = true
	return r.text, nil
}

// textDecoder is the decoder of Encoding. A default encoding that nobody knows falls back to UTF-8.
func (r *Response) textDecoder() TextDecoder {
	decoder, known := CharsetDecoder(r.Encoding())
	if !known {
		decoder, _ = CharsetDecoder("utf-8")
	}
	return decoder
}
