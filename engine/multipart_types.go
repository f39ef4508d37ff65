package engine

import (
	"path"
	"strings"
)

// mediaTypes is a fixed table, the common part of Python's mimetypes: a table of the operating system would make the bytes that
// are sent depend on the machine.
var mediaTypes = map[string]string{
	".aac": "audio/aac", ".avi": "video/x-msvideo", ".avif": "image/avif", ".bin": "application/octet-stream", ".bmp": "image/bmp",
	".bz2": "application/x-bzip2", ".c": "text/plain", ".css": "text/css", ".csv": "text/csv", ".doc": "application/msword",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".eml": "message/rfc822",
	".epub": "application/epub+zip", ".flac": "audio/flac", ".gif": "image/gif", ".h": "text/plain",
	".heic": "image/heic", ".htm": "text/html", ".html": "text/html", ".ico": "image/vnd.microsoft.icon", ".ics": "text/calendar",
	".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".js": "text/javascript", ".json": "application/json",
	".jsonld": "application/ld+json", ".log": "text/plain", ".m3u8": "application/vnd.apple.mpegurl", ".m4a": "audio/mp4",
	".markdown": "text/markdown", ".md": "text/markdown", ".mjs": "text/javascript", ".mov": "video/quicktime", ".mp3": "audio/mpeg",
	".mp4": "video/mp4", ".mpeg": "video/mpeg", ".mpg": "video/mpeg", ".odp": "application/vnd.oasis.opendocument.presentation",
	".ods": "application/vnd.oasis.opendocument.spreadsheet", ".odt": "application/vnd.oasis.opendocument.text", ".oga": "audio/ogg",
	".ogg": "audio/ogg", ".ogv": "video/ogg", ".opus": "audio/opus", ".otf": "font/otf", ".pdf": "application/pdf",
	".png": "image/png", ".ppt": "application/vnd.ms-powerpoint",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".ps": "application/postscript",
	".py": "text/x-python", ".rtf": "application/rtf", ".sh": "application/x-sh", ".svg": "image/svg+xml",
	".tar": "application/x-tar", ".tgz": "application/x-tar", ".tif": "image/tiff", ".tiff": "image/tiff", ".tsv": "text/tab-separated-values",
	".ttf": "font/ttf", ".txt": "text/plain", ".wasm": "application/wasm", ".wav": "audio/x-wav", ".webm": "video/webm",
	".webmanifest": "application/manifest+json", ".webp": "image/webp", ".woff": "font/woff", ".woff2": "font/woff2",
	".xhtml": "application/xhtml+xml", ".xls": "application/vnd.ms-excel",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xml": "text/xml",
	".zip": "application/zip", ".7z": "application/x-7z-compressed",
}

// mediaTypeOf guesses a media type from a filename's extension, as Python does: a.csv.gz is CSV, and a.gz is unknown, which is
// application/octet-stream.
func mediaTypeOf(filename string) string {
	name := strings.TrimLeft(strings.ToLower(path.Base(filename)), ".") // a leading dot begins a name, not an extension
	for _, compressed := range []string{".gz", ".bz2", ".xz", ".br", ".z"} {
		name = strings.TrimSuffix(name, compressed)
	}
	if guess, ok := mediaTypes[path.Ext(name)]; ok {
		return guess
	}
	return "application/octet-stream"
}
