/*
 * Reads any number of accounts at once.
 *
 * A list comes in pages, and each page says how to ask for the next one, so the requests of a list form a
 * chain.  http_ask() has one request of each chain under way; answered() reads the answer and puts the next
 * request in its place.  Chains of one exchange run side by side, unless its signature has a nonce that
 * must grow (Kraken): one request could overtake another, and the exchange would refuse the smaller number
 * that comes later.  Then all signed requests are one chain.
 *
 * Half a list of positions looks like fewer positions.  So each endpoint collects into lists of its own
 * (struct account_asking), and account_merge() moves them into the reading only when the last page was
 * read.
 *
 * After a ban or a 429 nothing more is sent to that exchange.  What a request borrows (URL, headers, body)
 * belongs to its chain: `first` until the run ends, `next` until the answer to it came.
 */

#include <stdlib.h>
#include <string.h>

#include "exchange/account/account.h"
#include "exchange/account/page.h"
#include "exchange/account/sign.h"
#include "exchange/ban_list.h"
#include "exchange/public/read.h"
#include "exchange/public/value.h"

enum {
	LIST_LIMIT = 16 * 1024 * 1024, /* bytes of one page of a list */
	SMALL_LIMIT = 256 * 1024       /* of what is not a list, and of what may be an error */
};

struct account_venue {
	const struct account_target *target;
	struct account_reading *reading;
	const char *wanted[HTTP_HEADERS + 1];
	struct account_asking askings[ACCOUNT_ENDPOINTS];
	int planned; /* weight of what is asked and will be, as far as is known: the first page of each, and
			more */
};

/* What is asked one after another, in the place of one HTTP request. */
struct chain {
	struct account_venue *venue;
	enum account_endpoint endpoints[ACCOUNT_ENDPOINTS];
	size_t count, at;
	bool waiting;                      /* for the answer to the current one */
	struct account_signed first, next; /* requests; the first one is borrowed to the end */
};

struct account_run {
	struct account_venue *venues;
	size_t venue_count;
	struct chain *chains;
	struct http_request *requests;
	struct http_response *responses;
	size_t count;
};

static bool
is_asked(const struct account_target *target, size_t endpoint)
{
	return target->asked[endpoint] && target->profile->account.reads[endpoint].path != NULL;
}

/* Of the first pages of all its paths. */
static int
read_weight(const struct profile_read *read)
{
	return read->weight * (int)(1 + read->also.count);
}

int
account_weight(const struct account_target *target)
{
	int weight = 0;

	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++)
		if (is_asked(target, e))
			weight += read_weight(&target->profile->account.reads[e]);
	return weight;
}

static bool
list_has_nonce(const struct profile_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (account_sign_has_token(list->items[i], "{nonce}"))
			return true;
	return false;
}

/* Whether requests of this exchange must arrive in the order in which they were signed. */
static bool
has_growing_nonce(const struct profile_auth *auth)
{
	return (auth->prehash != NULL && strstr(auth->prehash, "nonce") != NULL) ||
	       list_has_nonce(&auth->headers) || list_has_nonce(&auth->query) ||
	       list_has_nonce(&auth->claims);
}

/* The endpoint that the chain stands at. */
static struct account_asking *
current(const struct chain *chain)
{
	return &chain->venue->askings[chain->endpoints[chain->at]];
}

/* What the current page is asked with.  NULL: it is the first page of the current path. */
static const char *
last_cursor(const struct account_asking *asking)
{
	return asking->cursor_count > asking->cursor_first ? asking->cursors[asking->cursor_count - 1] : NULL;
}

/* The request for the current page.  -1 with `why`: none can be made. */
static int
make_request(
    struct chain *chain, struct account_signed *sent, struct http_request *request, struct failure *why)
{
	const struct account_target *target = chain->venue->target;
	enum account_endpoint endpoint = chain->endpoints[chain->at];
	const struct account_asking *asking = current(chain);
	bool list = endpoint != ACCOUNT_KEY && endpoint != ACCOUNT_LOCK;

	account_signed_release(sent);
	if (account_page_request(target, endpoint, asking->path, last_cursor(asking), sent, why) != 0)
		return -1;
	/*
	 * The name of a paper host may lead to a public address: private_only makes the client look at the
	 * address.
	 */
	*request = (struct http_request){ .url = sent->url,
		.body = sent->body,
		.body_limit = list ? LIST_LIMIT : SMALL_LIMIT,
		.headers = (const char *const *)sent->headers,
		.wanted = chain->venue->wanted,
		.private_only = target->paper_only && account_place(target) != PLACE_TEST };
	return 0;
}

/* Begins the next endpoint of the chain that a request can be made for.  False: no endpoint is left. */
static bool
begin(struct chain *chain, struct account_signed *sent, struct http_request *request)
{
	struct failure why = { 0 };

	for (; chain->at < chain->count; chain->at++) {
		chain->waiting = make_request(chain, sent, request, &why) == 0;
		if (chain->waiting)
			return true;
		/* It fails alone: the endpoints behind it are asked all the same. */
		account_part_fail(current(chain), &why);
	}
	return false;
}

static double
later(double a, double b)
{
	return a > b ? a : b;
}

/* A ban or a 429, in the status or inside the answer: nothing more is sent to this exchange. */
static void
read_refusal(struct account_venue *venue, const struct http_response *response)
{
	const struct profile *profile = venue->target->profile;
	struct exchange_answer answer = { .retry_at = -1, .banned_until = -1 };
	struct complaint complaint = { "", "" };
	struct failure ignored = { 0 };
	double now = clock_unix_seconds(), until;

	/* A complaint is short: what is longer is not worth a tree in memory. */
	if (response->body.length > 0 && response->body.length <= SMALL_LIMIT) {
		json_t *root = value_document(response->body, &ignored);

		exchange_read_complaint(profile, root, response->body, &complaint);
		json_decref(root);
	}
	/* The same rules as for public requests, which come from the same address. */
	exchange_read_signals(profile, response, &complaint, now, &answer);
	if (!answer.banned && !answer.throttled)
		return;
	until = answer.banned ? answer.banned_until : answer.retry_at;
	venue->reading->refused = true;
	venue->reading->banned = venue->reading->banned || answer.banned;
	venue->reading->refused_until =
	    later(venue->reading->refused_until, until > 0 ? until : now + (double)RETRY_UNTOLD);
}

/*
 * Takes over the cursor of the next page.  False with `why`: it is not valid, or was there before.  A
 * broken server could otherwise keep us asking until the deadline, and use up the rate limit.
 */
static bool
add_cursor(struct account_asking *asking, char *cursor, struct failure *why)
{
	for (size_t i = asking->cursor_first; i < asking->cursor_count; i++)
		if (strcmp(asking->cursors[i], cursor) == 0) {
			(void)failure_set(why, FAILURE_PROTOCOL,
			    "it names a next page that was there before: the list has no end");
			free(cursor);
			return false;
		}
	if (asking->cursor_count + 1 < ACCOUNT_PAGES && account_cursor_valid(cursor)) {
		asking->cursors[asking->cursor_count++] = cursor;
		return true;
	}
	(void)failure_set(why, FAILURE_PROTOCOL,
	    asking->cursor_count + 1 < ACCOUNT_PAGES ? "it names the next page in a way that makes no sense"
						     : "there are more than %d pages",
	    (int)ACCOUNT_PAGES);
	free(cursor);
	return false;
}

/*
 * The settings were checked with first pages alone (positions/sources.c); only the exchange knows how many
 * more there are.  So each further page must fit into what is left of the weight limit.
 */
static bool
may_cost_more(const struct chain *chain, struct failure *why)
{
	struct account_venue *venue = chain->venue;
	int64_t most = venue->target->weight_most;
	int planned =
	    venue->planned + venue->target->profile->account.reads[chain->endpoints[chain->at]].weight;

	if (most > 0 && planned > most) {
		(void)failure_set(why, FAILURE_LOCAL,
		    "it would cost more than %lld of the rate limit (weight.limit)", (long long)most);
		return false;
	}
	venue->planned = planned;
	return true;
}

/* Whether the list goes on at another path, where cursors begin anew. */
static bool
next_path(const struct chain *chain)
{
	struct account_asking *asking = current(chain);

	if (asking->path ==
	    chain->venue->target->profile->account.reads[chain->endpoints[chain->at]].also.count)
		return false;
	asking->path++;
	asking->cursor_first = asking->cursor_count;
	return true;
}

/* 1: there is another page, 0: it was the last one, -1 with `why`. */
static int
read_page(struct chain *chain, const struct http_response *response, struct failure *why)
{
	struct account_asking *asking = current(chain);
	char *cursor = NULL;

	if (response->failure.kind != FAILURE_NONE) {
		*why = response->failure;
		return -1;
	}
	if (account_read_page(chain->venue->target->profile, chain->endpoints[chain->at],
		chain->venue->target->key, response, &asking->lists, &asking->health, &cursor, why) != 0) {
		free(cursor);
		return -1;
	}
	/* The last page of this path. */
	if (cursor == NULL)
		return next_path(chain);
	return add_cursor(asking, cursor, why) && may_cost_more(chain, why) ? 1 : -1;
}

/* Counts what was sent, answered or not: it cost rate limit in any case. */
static void
count_request(struct chain *chain, const struct http_response *response)
{
	struct account_reading *reading = chain->venue->reading;
	struct account_part *part = current(chain)->part;

	if (!response->sent)
		return;
	part->requests++;
	part->seconds += response->seconds;
	reading->weight += chain->venue->target->profile->account.reads[chain->endpoints[chain->at]].weight;
}

/* The current page has its answer; the chain then stands at the next one, or at the next endpoint. */
static void
read_answer(struct chain *chain, const struct http_response *response)
{
	const struct profile *profile = chain->venue->target->profile;
	enum account_endpoint endpoint = chain->endpoints[chain->at];
	struct account_asking *asking = current(chain);
	struct failure why = { 0 };
	int more;

	chain->waiting = false;
	count_request(chain, response);
	more = read_page(chain, response, &why);
	if (more > 0)
		return;
	/* From here on the chain stands at the next endpoint; `asking` still is the one that was answered. */
	chain->at++;
	if (more == 0) {
		asking->part->read = true;
		return;
	}
	/* Without an answer there is no refusal to read. */
	if (response->status != 0)
		read_refusal(chain->venue, response);
	/* Which page it was helps only where there may be several. */
	if (profile->account.reads[endpoint].cursor != NULL || asking->path > 0)
		(void)failure_prefix(&why, "page %zu", asking->path + asking->cursor_count + 1);
	account_part_fail(asking, &why);
}

static bool
may_send(void *context, size_t index)
{
	const struct account_run *run = context;

	return !run->chains[index].venue->reading->refused;
}

/* After a refusal the chain ends here; finish_chain() then says why of what is left of it. */
static bool
answered(void *context, size_t index, const struct http_response *response, struct http_request *next)
{
	struct account_run *run = context;
	struct chain *chain = &run->chains[index];

	read_answer(chain, response);
	if (chain->venue->reading->refused)
		return false;
	return begin(chain, &chain->next, next);
}

/* A chain that no request can be made for is not kept: begin() has marked all its parts as failed. */
static void
add_chain(struct account_run *run, const struct chain *chain)
{
	struct chain *added = &run->chains[run->count];

	/* Into the array first: begin() lets the request borrow from the chain, which may not move then. */
	*added = *chain;
	if (begin(added, &added->first, &run->requests[run->count]))
		run->count++;
	else
		account_signed_release(&added->first);
}

static void
prepare_venue(
    struct account_venue *venue, const struct account_target *target, struct account_reading *reading)
{
	*venue =
	    (struct account_venue){ .target = target, .reading = reading, .planned = account_weight(target) };
	exchange_wanted(target->profile, venue->wanted);
	account_key_health_init(&reading->health);
	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++) {
		reading->parts[e].asked = is_asked(target, e);
		venue->askings[e].part = &reading->parts[e];
		account_key_health_init(&venue->askings[e].health);
	}
}

/* One chain for all that needs a nonce, one for each endpoint that needs none. */
static void
add_chains(struct account_run *run, struct account_venue *venue)
{
	bool nonce = has_growing_nonce(&venue->target->profile->auth);
	struct chain in_order = { .venue = venue };

	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++) {
		struct chain alone = {
			.venue = venue, .endpoints = { (enum account_endpoint)e }, .count = 1
		};

		if (!is_asked(venue->target, e))
			continue;
		/* Instruments are public and carry no nonce. */
		if (nonce && e != ACCOUNT_INSTRUMENTS)
			in_order.endpoints[in_order.count++] = (enum account_endpoint)e;
		else
			add_chain(run, &alone);
	}
	if (in_order.count > 0)
		add_chain(run, &in_order);
}

static int
prepare(struct account_run *run, const struct account_target targets[], size_t count,
    struct account_reading readings[])
{
	size_t most = count * ACCOUNT_ENDPOINTS + 1;

	run->venues = calloc(count + 1, sizeof(*run->venues));
	run->chains = calloc(most, sizeof(*run->chains));
	run->requests = calloc(most, sizeof(*run->requests));
	run->responses = calloc(most, sizeof(*run->responses));
	if (run->venues == NULL || run->chains == NULL || run->requests == NULL || run->responses == NULL)
		return -1;
	for (; run->venue_count < count; run->venue_count++) {
		struct account_venue *venue = &run->venues[run->venue_count];

		prepare_venue(venue, &targets[run->venue_count], &readings[run->venue_count]);
		add_chains(run, venue);
	}
	return 0;
}

static void
release(struct account_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		account_signed_release(&run->chains[i].first);
		account_signed_release(&run->chains[i].next);
	}
	for (size_t i = 0; i < run->venue_count; i++)
		for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++) {
			struct account_asking *asking = &run->venues[i].askings[e];

			account_lists_release(&asking->lists);
			for (size_t c = 0; c < asking->cursor_count; c++)
				free(asking->cursors[c]);
		}
	free(run->venues);
	free(run->chains);
	free(run->requests);
	free(run->responses);
}

/* What the deadline cut off or was not sent, and the endpoints behind it in the chain. */
static void
finish_chain(struct chain *chain, const struct http_response *response)
{
	const char *name = chain->venue->target->profile->name;
	struct failure why = { 0 };

	/* http_ask() reports no request that it did not send or that ran out of time. */
	if (chain->waiting)
		read_answer(chain, response);
	if (chain->venue->reading->refused)
		(void)failure_set(&why, FAILURE_REJECTED,
		    "%s: not asked: an earlier answer of this run was a ban, or wanted fewer requests", name);
	else
		(void)failure_set(&why, FAILURE_TIMEOUT,
		    "%s: not asked: the request before it, with a smaller nonce, took all the time", name);
	for (; chain->at < chain->count; chain->at++)
		account_part_fail(current(chain), &why);
}

int
account_probe(struct http_client *client, const struct account_target targets[], size_t count,
    struct deadline deadline, struct account_reading readings[], struct failure *why)
{
	struct account_run run = { 0 };
	const struct http_watch watch = { &run, may_send, answered, true };
	int result;

	for (size_t i = 0; i < count; i++)
		readings[i] = (struct account_reading){ 0 };
	result = prepare(&run, targets, count, readings);
	if (result == 0) {
		http_ask(client, run.requests, run.count, &watch, deadline, run.responses);
		for (size_t i = 0; i < run.count; i++)
			finish_chain(&run.chains[i], &run.responses[i]);
		for (size_t i = 0; i < count; i++)
			account_merge(targets[i].profile, run.venues[i].askings, &readings[i]);
	} else {
		account_readings_release(readings, count);
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	release(&run);
	return result;
}

void
account_readings_release(struct account_reading readings[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		account_lists_release(&readings[i].lists);
}
