/*
 * Which route answers a path.  There are a few dozen at the most, so they are compared one by one.  A
 * path may have two routes, one to read and one to send; without one for the method the last that has
 * the path is found, so that the answer can be 405 rather than 404.
 */

#include <string.h>

#include "web/request.h"

/* A path that ends with '/' is for all below it, but "/" alone is only the front page: otherwise no
 * path could be unknown. */
static bool
has_path(const struct web_route *route, const char *path)
{
	size_t length = strlen(route->path);

	if (length > 1 && route->path[length - 1] == '/')
		return strncmp(route->path, path, length) == 0;
	return strcmp(route->path, path) == 0;
}

/* HEAD is GET without the body, which libmicrohttpd leaves out by itself. */
bool
route_takes(const struct web_route *route, const char *method)
{
	if (route->body_limit > 0)
		return strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

size_t
route_find(const struct web_route *routes, const char *path, const char *method)
{
	size_t found = SIZE_MAX, i = 0;

	for (; routes[i].path != NULL; i++) {
		if (!has_path(&routes[i], path))
			continue;
		if (method != NULL && route_takes(&routes[i], method))
			return i;
		found = i;
	}
	return found < i ? found : i;
}

const struct web_route *
request_route(const struct request *request)
{
	const struct web_route *route = &request->web->site.routes[request->route];

	return route->path != NULL ? route : NULL;
}

/* RFC 9110, 15.5.6: a 405 must say what is allowed. */
const char *
route_methods(const struct web_route *routes, const char *path)
{
	bool get = false, post = false;

	for (; routes->path != NULL; routes++) {
		if (!has_path(routes, path))
			continue;
		if (routes->body_limit > 0)
			post = true;
		else
			get = true;
	}
	if (post)
		return get ? "GET, HEAD, POST, OPTIONS" : "POST, OPTIONS";
	return "GET, HEAD, OPTIONS";
}
