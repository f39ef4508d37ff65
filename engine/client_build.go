package engine

import "strings"

// BuildRequest merges the client's base URL, parameters, headers, cookies and timeout with those given, as HTTPX does, and
// sends nothing.
func (c *Client) BuildRequest(method, url string, options RequestOptions) (*Request, error) {
	given, err := ParseURL(url)
	if err != nil {
		return nil, err
	}
	u, err := c.mergeURL(given, url)
	if err != nil {
		return nil, err
	}
	if c.params.Len() > 0 {
		params := c.params
		if options.Params != nil {
			params = params.Merge(*options.Params)
		}
		options.Params = &params
	}
	if options.Params != nil && isRelative(given, url) {
		// The query of the base URL stays, like a parameter of the client.
		if query, _ := c.baseURL.Query(); query != "" {
			params := ParseQuery(query).Merge(*options.Params)
			options.Params = &params
		}
	}
	headers := c.headers.Clone()
	headers.Update(options.Headers)
	options.Headers = headers

	jar := c.cookies
	if options.Cookies != nil {
		jar = jar.Clone()
		jar.Update(options.Cookies)
	}
	request, err := newRequest(method, u, options, func(h *Headers) {
		setCookieHeader(h, jar, u, c.clock())
	})
	if err != nil {
		return nil, err
	}
	if _, given := request.Extensions["timeout"]; !given {
		timeout := c.timeout
		if options.Timeout != nil {
			timeout = *options.Timeout
		}
		request.Extensions["timeout"] = timeout
	}
	return request, nil
}

// mergeURL resolves u, which was written as url, against the base URL. Unlike RFC 3986's resolution, a path with a leading slash is appended to the
// base's path (HTTPX); unlike HTTPX, "//host/path" goes to host, and a query of the base URL is kept.
func (c *Client) mergeURL(u *URL, url string) (*URL, error) {
	if !isRelative(u, url) || !c.baseURL.IsAbsolute() {
		if strings.HasPrefix(url, "//") && c.baseURL.IsAbsolute() {
			return c.baseURL.Join(url)
		}
		return u, nil
	}
	path, query, hasQuery := strings.Cut(strings.TrimLeft(u.RawPath(), "/"), "?")
	if baseQuery, _ := c.baseURL.Query(); baseQuery != "" {
		query, hasQuery = mergeQuery(baseQuery, query), true
	}
	basePath, _, _ := strings.Cut(c.baseURL.RawPath(), "?")
	rawPath := basePath + path
	if hasQuery {
		rawPath += "?" + query
	}
	return c.baseURL.CopyWith(URLComponents{RawPath: &rawPath, NoFragment: true})
}

// isRelative tells whether u, which was written as url, is to be merged with a base URL: it names neither a scheme nor a host.
func isRelative(u *URL, url string) bool {
	return u.Scheme() == "" && u.Host() == "" && !strings.HasPrefix(url, "//")
}

// mergeQuery puts the base's parameters first; a key that the request has too takes the request's values. The text of both is
// kept as it was written unless a key is in both.
func mergeQuery(base, query string) string {
	if query == "" {
		return base
	}
	baseParams, params := ParseQuery(base), ParseQuery(query)
	for _, key := range params.Keys() {
		if _, both := baseParams.Get(key); both {
			return baseParams.Merge(params).String()
		}
	}
	return base + "&" + query
}

// withTrailingSlash adds a slash to the end of the path when it is missing.
func withTrailingSlash(u *URL) (*URL, error) {
	path, query, hasQuery := strings.Cut(u.RawPath(), "?")
	if strings.HasSuffix(path, "/") && u.path != "" {
		return u, nil
	}
	path = strings.TrimSuffix(path, "/") + "/"
	if hasQuery {
		path += "?" + query
	}
	return u.CopyWith(URLComponents{RawPath: &path})
}
