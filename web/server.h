#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "common/failure.h"
#include "common/text/buffer.h"
#include "web/access/config.h"
#include "web/listen.h"
#include "web/metrics.h"

/*
 * An HTTP(S) server for a program with a few paths: TLS, users and headers by
 * web/access/config.h, and a limit on everything a client can do: connections, headers,
 * bodies, requests at once, time.  It sets no cookies and keeps no sessions.
 *
 * Every page that a browser shows may send requests to this machine, and would read the answers if its name
 * was made to mean 127.0.0.1 meanwhile (DNS rebinding).  So an address of the loopback interface answers only
 * requests to local names.
 *
 *	static void hello(void *context, const struct web_request *request, struct web_answer *answer)
 *	{
 *		web_answer_text(answer, 200, "hello");
 *	}
 *	static const struct web_route routes[] = { { .path = "/hello", .answer = hello }, { 0 } };
 *	const struct web_site site = { "example", "", routes, NULL, &metrics };
 *	struct web_limits limits = { 64, 16, second_ns, second_ns, second_ns };
 *	struct web *web = web_new(&limits, &site);
 *
 *	web_metrics_init(&metrics, routes);
 *	web_listen(web, "127.0.0.1:8080", name, &why);
 *	web_start(web, config, &why);
 *	while (!ended)
 *		sleep, then web_tick(web);
 *	web_stop(web, grace_ns);
 *	web_free(web);
 */
struct web_request {
	const char *path;  /* without the query, as it was sent */
	const char *query; /* what is behind the '?', as it was sent: for web_query_next() */
	const char *user;  /* who has logged in; NULL: without users, everybody may ask */
	const char *type;  /* Content-Type, as it was sent; "": none */
	const char *peer;  /* the address that asks, as text, without its port */
	bool gzip;         /* the client takes an answer that is packed so */
	struct slice body; /* of a POST, with a NUL behind it: that of a form is for web_query_next(), too */
};

/* One parameter of a query, decoded: "a%5B%5D=x+y" is "a[]" and "x y".  What is longer than its room is cut.
 */
struct web_parameter {
	char name[64], value[512];
};

/* The next parameter of what is left of a query, which moves on.  False: there are no more. */
bool web_query_next(const char **query, struct web_parameter *parameter);

struct web_answer {
	unsigned code;
	const char *type;          /* Content-Type; NULL: there is no content */
	const char *policy;        /* Content-Security-Policy; NULL: a browser loads nothing */
	const char *headers[2][2]; /* more of them: name and value, both static; NULL: none */
	char location[512];        /* web_answer_redirect()'s; "": none */
	struct buffer body;        /* when it failed, the answer is 500 */
};

/* Fill an answer, whose body is empty and has no limit.  May be called from several threads at once. */
typedef void web_answer_fill(void *context, const struct web_request *request, struct web_answer *answer);

/* Several requests that came while the ones before were answered: what costs the same for one and for many,
 * like a transaction, is done once for all of them.  At least one, at most WEB_TOGETHER. */
struct web_exchange {
	struct web_request request;
	struct web_answer answer;
};
enum { WEB_TOGETHER = 128 };
typedef void web_answer_together(void *context, struct web_exchange *const exchanges[], size_t count);

/*
 * A path that ends with '/' stands for all paths below it, too, unless it is "/" itself.  Two routes may have
 * the same path, one for GET and one for POST.  The first one that fits answers.
 *
 * A page of another site may send a POST with the login of the person who looks at it (CSRF).  Browsers say
 * so, and such a POST is refused, except to a route whose handler looks for a secret that only its own pages
 * have.
 */
struct web_route {
	const char *path;              /* "/metrics", "/items/"; compared as it was sent */
	web_answer_fill *answer;       /* to GET and HEAD, or to POST; OPTIONS needs none */
	web_answer_together *together; /* in place of `answer`: in a thread of its own, one call at a time */
	bool costly;                   /* takes work worth a limit: web_limits.requests */
	bool slow;                     /* may wait for a disk: is made beside the others, one at a time */
	bool has_token;    /* a POST may come from anywhere: the handler looks for a secret in it */
	size_t body_limit; /* bytes of a POST; 0: GET and HEAD, which have no body */
};

/* What is served; all of it must outlive the server. */
struct web_site {
	const char *name;               /* the realm of a login */
	const char *names;              /* of this host, one per line, beside localhost and addresses */
	const struct web_route *routes; /* ended by a route without a path */
	void *context;                  /* of the routes */
	struct web_metrics *metrics;    /* of the same routes */
};

/* Set the code and the body: a line of text, or what the caller has put into the body. */
void web_answer_text(struct web_answer *answer, unsigned code, const char *line);
void web_answer_json(struct web_answer *answer, unsigned code);
void web_answer_html(struct web_answer *answer, unsigned code, const char *policy);

/* Have a browser get this path or URL next (303).  One that is no part of a header makes the answer 500. */
void web_answer_redirect(struct web_answer *answer, const char *location);

enum { WEB_ADDRESSES = 16, WEB_LEAST_CONNECTIONS = 4, WEB_REQUEST_MEMORY = 16 * 1024 };

/* Descriptors that listening on an address takes, without its connections. */
enum { WEB_FILES_PER_ADDRESS = 8 };

struct web_limits {
	unsigned connections; /* per address; past them, idle ones end to make room */
	unsigned requests;    /* costly ones at once, and those with a body that are not answered together */
	int64_t header_timeout_ns;
	int64_t idle_timeout_ns;
	int64_t answer_timeout_ns;
	size_t body_memory; /* of all bodies at once, as they are announced, at least the largest body_limit;
			     * past it, 503.  0: no more than the limits above */
};

struct web;

/* NULL: out of memory. */
struct web *web_new(const struct web_limits *limits, const struct web_site *site);

/* Have an address to listen on; `name` is what it became.  0, or -1 with `why`. */
int web_listen(struct web *web, const char *address, char name[LISTEN_NAME], struct failure *why);

/* Serve on all of them with this configuration, which it keeps.  0, or -1 with `why`. */
int web_start(struct web *web, struct web_config *config, struct failure *why);

/*
 * Serve with this one, which it keeps, from now on.  No server is restarted: a
 * request that was begun is answered by the configuration it began with, the
 * next one by this one; new connections get its TLS, and older ones with TLS
 * end with the answer to their next request.  Waits for no client.  0, or -1 with
 * `why` when TLS would have to be turned on or off; then all is as it was.
 */
int web_configure(struct web *web, struct web_config *config, struct failure *why);

/* To be called every now and then: ends connections that are too slow, and idle ones that others wait for. */
void web_tick(struct web *web);

/* Accept no more connections, wait for answers under way for so long, end. */
void web_stop(struct web *web, int64_t grace_ns);
void web_free(struct web *web);

#endif /* WEB_SERVER_H */
