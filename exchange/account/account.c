/*
 * Reads any number of accounts at once.
 *
 * A list comes in pages, and each page says how to ask for the next one, so the requests of a list form a
 * chain.  http_ask() has one request of each chain under way; answered() reads the answer and puts the next
 * request in its place.  Chains of one exchange run side by side, unless its signature has a nonce that
 * must grow (Kraken): one request could overtake another, and the exchange would refuse the smaller number
 * that comes later.  Then all signed requests are one chain.
 *
 * Half a list of positions looks like fewer positions.  So a part whose pages did not all come is emptied
 * (fail_part), and what is complete is added up only at the end (complete).
 *
 * After a ban or a 429 nothing more is sent to that exchange.  What a request borrows (URL, headers, body)
 * belongs to its chain: `first` until the run ends, `next` until the answer to it came.
 */

#include <stdlib.h>
#include <string.h>

#include "exchange/account/account.h"
#include "exchange/account/page.h"
#include "exchange/account/sign.h"
#include "exchange/answer/answer.h"
#include "exchange/ban_list.h"

enum {
	LIST_LIMIT = 16 * 1024 * 1024, /* bytes of one page of a list */
	SMALL_LIMIT = 256 * 1024       /* of what is not a list */
};

/* How far one endpoint of one target has been asked for. */
struct asking {
	size_t path;  /* 0: the endpoint's own; then those of `also` */
	size_t page;  /* from 0, of all paths together */
	char *cursor; /* that the page is asked with; NULL: it is the first one of its path */
};

struct account_venue {
	const struct account_target *target;
	struct account_reading *reading;
	const char *wanted[HTTP_HEADERS + 1];
	struct asking askings[ACCOUNT_ENDPOINTS];
	int planned; /* weight of what is asked and will be: the first page of each, and more as they come */
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

int
account_weight(const struct account_target *target)
{
	const struct profile_read *reads = target->profile->account.reads;
	int weight = 0;

	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++)
		if (is_asked(target, e))
			weight += reads[e].weight * (int)(1 + reads[e].also.count);
	return weight;
}

/* What the chain stands at: the endpoint, what of it was asked, and how the profile reads it. */
static struct asking *
asking_of(const struct chain *chain)
{
	return &chain->venue->askings[chain->endpoints[chain->at]];
}

static const struct profile_read *
read_of(const struct chain *chain)
{
	return &chain->venue->target->profile->account.reads[chain->endpoints[chain->at]];
}

/* Nothing of the part counts. */
static void
fail_part(struct account_reading *reading, enum account_endpoint endpoint, const struct failure *why)
{
	int locked = reading->health.trading_locked;

	reading->parts[endpoint].read = false;
	reading->parts[endpoint].failure = *why;
	switch (endpoint) {
	case ACCOUNT_BALANCES: reading->lists.balance_count = 0; break;
	case ACCOUNT_POSITIONS: reading->lists.position_count = 0; break;
	case ACCOUNT_INSTRUMENTS: reading->lists.instrument_count = 0; break;
	case ACCOUNT_KEY:
		account_key_health_init(&reading->health);
		reading->health.trading_locked = locked;
		break;
	case ACCOUNT_LOCK: reading->health.trading_locked = -1; break;
	}
}

/* The request for the current page.  -1 with `why`: none can be made. */
static int
make_request(
    struct chain *chain, struct account_signed *sent, struct http_request *request, struct failure *why)
{
	const struct account_target *target = chain->venue->target;
	enum account_endpoint endpoint = chain->endpoints[chain->at];
	const struct asking *asking = asking_of(chain);
	bool list = endpoint != ACCOUNT_KEY && endpoint != ACCOUNT_LOCK;

	account_signed_release(sent);
	if (account_page_request(target, endpoint, asking->path, asking->cursor, sent, why) != 0)
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
		fail_part(chain->venue->reading, chain->endpoints[chain->at], &why);
	}
	return false;
}

/* A ban or a 429, in the status or inside the answer: nothing more is sent to this exchange. */
static void
read_refusal(struct account_venue *venue, const struct http_response *response)
{
	const struct profile *profile = venue->target->profile;
	struct account_reading *reading = venue->reading;
	struct complaint complaint;
	struct signals signals;
	double now = clock_unix_seconds(), until;

	/* The same rules as for public requests, which come from the same address. */
	answer_complaint(profile, response->body, NULL, &complaint);
	answer_signals(profile, response, &complaint, now, &signals);
	if (!signals.banned && !signals.throttled)
		return;
	until = signals.banned ? signals.banned_until : signals.retry_at;
	if (until <= 0)
		until = now + (double)RETRY_UNTOLD;
	reading->refused = true;
	reading->banned = reading->banned || signals.banned;
	if (until > reading->refused_until)
		reading->refused_until = until;
}

/*
 * Takes over the cursor of the next page.  False with `why`: it is not valid, or that of this page.  A
 * broken server could otherwise keep us asking until the deadline, and use up the rate limit.
 */
static bool
set_cursor(struct asking *asking, char *cursor, struct failure *why)
{
	const char *wrong = NULL;

	if (asking->cursor != NULL && strcmp(asking->cursor, cursor) == 0)
		wrong = "it names itself as the next page: the list has no end";
	else if (!account_cursor_valid(cursor))
		wrong = "the cursor of the next page is not valid";
	else if (asking->page + 1 >= ACCOUNT_PAGES)
		wrong = "there are more than 100 pages";
	free(asking->cursor);
	asking->cursor = cursor;
	asking->page += wrong == NULL;
	return wrong == NULL || failure_set(why, FAILURE_PROTOCOL, "%s", wrong) == 0;
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
	int planned = venue->planned + read_of(chain)->weight;

	if (most > 0 && planned > most) {
		(void)failure_set(why, FAILURE_LOCAL,
		    "it would cost more than %lld of the rate limit (weight.limit)", (long long)most);
		return false;
	}
	venue->planned = planned;
	return true;
}

/* 1: there is another page, 0: it was the last one, -1 with `why`. */
static int
read_page(struct chain *chain, const struct http_response *response, struct failure *why)
{
	struct account_venue *venue = chain->venue;
	struct asking *asking = asking_of(chain);
	char *cursor = NULL;

	if (response->failure.kind != FAILURE_NONE) {
		*why = response->failure;
		return -1;
	}
	if (account_read_page(venue->target->profile, chain->endpoints[chain->at], venue->target->key,
		response, &venue->reading->lists, &venue->reading->health, &cursor, why) != 0)
		return -1;
	if (cursor != NULL)
		return set_cursor(asking, cursor, why) && may_cost_more(chain, why) ? 1 : -1;
	/* Its other paths are to be asked only if this one had not told. */
	if (chain->endpoints[chain->at] == ACCOUNT_KEY)
		return 0;
	/* The last page of this path: the list may go on at another one, where cursors begin anew. */
	if (asking->path == read_of(chain)->also.count)
		return 0;
	asking->path++;
	asking->page++;
	free(asking->cursor);
	asking->cursor = NULL;
	return 1;
}

/* Goes to another path that may tell of our key, where there is one (Upbit's newer call is not for every
 * key). */
static bool
asks_else(struct chain *chain, const struct http_response *response)
{
	struct asking *asking = asking_of(chain);

	if (chain->endpoints[chain->at] != ACCOUNT_KEY || response->status == 0 ||
	    chain->venue->reading->refused || asking->path == read_of(chain)->also.count)
		return false;
	asking->path++;
	return true;
}

/* The current page has its answer; the chain then stands at the next one, or at the next endpoint. */
static void
read_answer(struct chain *chain, const struct http_response *response)
{
	const struct profile_read *read = read_of(chain);
	enum account_endpoint endpoint = chain->endpoints[chain->at];
	struct account_reading *reading = chain->venue->reading;
	const struct asking *asking = asking_of(chain);
	struct failure why = { 0 };
	int more;

	chain->waiting = false;
	/* What was sent cost rate limit, answered or not. */
	if (response->sent) {
		reading->parts[endpoint].requests++;
		reading->parts[endpoint].seconds += response->seconds;
		reading->weight += read->weight;
	}
	more = read_page(chain, response, &why);
	/* Without an answer there is no refusal to read. */
	if (more < 0 && response->status != 0)
		read_refusal(chain->venue, response);
	if (more < 0 && asks_else(chain, response))
		more = 1;
	if (more > 0)
		return;
	chain->at++;
	if (more == 0) {
		reading->parts[endpoint].read = true;
		if (endpoint == ACCOUNT_KEY)
			reading->health.told_in_part = asking->path > 0;
		return;
	}
	/* Which page it was helps only where there may be several. */
	if (read->cursor != NULL || asking->page > 0)
		(void)failure_prefix(&why, "page %zu", asking->page + 1);
	fail_part(reading, endpoint, &why);
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

/* One chain for all that needs a nonce, one for each endpoint that needs none. */
static void
add_chains(struct account_run *run, struct account_venue *venue)
{
	const struct profile_auth *auth = &venue->target->profile->auth;
	bool nonce = account_sign_uses(auth, "{nonce}") || account_sign_uses(auth, "{sha256bin(nonce+body)}");
	struct chain in_order = { .venue = venue };

	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++) {
		struct chain alone = {
			.venue = venue, .endpoints = { (enum account_endpoint)e }, .count = 1
		};

		venue->reading->parts[e].asked = is_asked(venue->target, e);
		if (!venue->reading->parts[e].asked)
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

		*venue = (struct account_venue){ .target = &targets[run->venue_count],
			.reading = &readings[run->venue_count],
			.planned = account_weight(&targets[run->venue_count]) };
		answer_wanted(venue->target->profile, venue->wanted);
		account_key_health_init(&venue->reading->health);
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
		for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++)
			free(run->venues[i].askings[e].cursor);
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
		fail_part(chain->venue->reading, chain->endpoints[chain->at], &why);
}

/* The parts one by one: a sum of balances that does not fit says nothing of the positions. */
static void
complete(const struct profile *profile, struct account_reading *reading)
{
	const struct account_part *instruments = &reading->parts[ACCOUNT_INSTRUMENTS];
	struct failure why = { 0 };

	if (reading->parts[ACCOUNT_POSITIONS].read &&
	    account_complete_positions(profile, &reading->lists, &why) != 0) {
		/* The true reason: the list of sizes did not come. */
		if (instruments->asked && !instruments->read) {
			why = instruments->failure;
			(void)failure_prefix(&why, "the sizes of contracts");
		}
		fail_part(reading, ACCOUNT_POSITIONS, &why);
	}
	if (reading->parts[ACCOUNT_BALANCES].read && account_complete_balances(&reading->lists, &why) != 0)
		fail_part(reading, ACCOUNT_BALANCES, &why);
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
			complete(targets[i].profile, &readings[i]);
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
