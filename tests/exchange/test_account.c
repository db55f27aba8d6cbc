#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exchange/account/account.h"
#include "exchange/account/page.h"
#include "tests/suite.h"

/*
 * What is asked, in which order, and what is made of the answers.  Sending and
 * reading are stand-ins: an answer is looked up by a part of its URL, and says
 * "rows N", "rows N next CURSOR" or "bad".
 */
static const struct rule {
	const char *url; /* the first rule whose text is in it counts */
	int status;      /* 0: it is never answered */
	const char *body;
} * rules;

enum { MOST_SENT = 512, URL = 1024 };
static struct {
	char url[URL], body[256];
	size_t limit;
	bool headers, private_only;
} sent[MOST_SENT];
static size_t sent_count;

static const char *complete_fails; /* "balances" or "positions" */
static struct failure told;
static struct secrets secrets;

static const struct rule *
rule_of(const char *url)
{
	const struct rule *rule = rules;

	while (rule->url != NULL && strstr(url, rule->url) == NULL)
		rule++;
	ck_assert_msg(rule->url != NULL, "nobody answers %s", url);
	return rule;
}

/* Does one step of a request; true: it has another one. */
static bool
step(struct http_request *request, struct http_response *response, size_t index,
    const struct http_watch *watch)
{
	const struct rule *rule = rule_of(request->url);

	*response = (struct http_response){ 0 };
	ck_assert_ptr_nonnull(watch);
	if (watch == NULL || !watch->may_send(watch->context, index)) {
		(void)failure_set(&response->failure, FAILURE_REJECTED, "not sent");
		return false;
	}
	ck_assert_uint_lt(sent_count, MOST_SENT);
	(void)snprintf(sent[sent_count].url, URL, "%s", request->url);
	(void)snprintf(sent[sent_count].body, sizeof(sent[0].body), "%s",
	    request->body != NULL ? request->body : "(GET)");
	sent[sent_count].headers = request->headers != NULL && request->headers[0] != NULL;
	sent[sent_count].private_only = request->private_only;
	sent[sent_count++].limit = request->body_limit;
	response->sent = true;
	response->seconds = 0.25;
	response->status = rule->status;
	if (rule->status == 0) {
		(void)failure_set(&response->failure, FAILURE_TIMEOUT, "no answer in time");
		return false;
	}
	response->body = SLICE(rule->body);
	return watch->answered(watch->context, index, response, request);
}

/* All of them in turn, one step each. */
void
http_ask(struct http_client *client, const struct http_request requests[], size_t count,
    const struct http_watch *watch, struct deadline deadline, struct http_response responses[])
{
	struct http_request current[64];
	bool going[64];
	size_t left = count;

	(void)client;
	(void)deadline;
	ck_assert_uint_le(count, 64);
	for (size_t i = 0; i < count; i++) {
		current[i] = requests[i];
		going[i] = true;
	}
	while (left > 0)
		for (size_t i = 0; i < count; i++)
			if (going[i] && !step(&current[i], &responses[i], i, watch)) {
				going[i] = false;
				left--;
			}
}

void
account_key_health_init(struct account_key_health *health)
{
	health->expiry = -1;
	for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++)
		health->permission[i] = -1;
	health->ip_restricted = health->trading_locked = -1;
}

void
account_lists_release(struct account_lists *lists)
{
	free(lists->balances);
	free(lists->positions);
	free(lists->instruments);
	*lists = (struct account_lists){ 0 };
}

static void *
resized(void *rows, size_t size)
{
	void *more = realloc(rows, size);

	ck_assert_ptr_nonnull(more);
	return more;
}

static void
add_rows(struct account_lists *lists, enum account_endpoint endpoint, size_t count)
{
	if (endpoint == ACCOUNT_BALANCES) {
		lists->balance_count += count;
		lists->balances =
		    resized(lists->balances, (lists->balance_count + 1) * sizeof(*lists->balances));
	} else if (endpoint == ACCOUNT_POSITIONS) {
		lists->position_count += count;
		lists->positions =
		    resized(lists->positions, (lists->position_count + 1) * sizeof(*lists->positions));
	} else if (endpoint == ACCOUNT_INSTRUMENTS) {
		lists->instrument_count += count;
		lists->instruments =
		    resized(lists->instruments, (lists->instrument_count + 1) * sizeof(*lists->instruments));
	}
}

int
account_read_page(const struct profile *profile, enum account_endpoint endpoint,
    const struct account_key *key, const struct http_response *response, struct account_lists *lists,
    struct account_key_health *health, char **cursor, struct failure *why)
{
	unsigned rows;
	int at = 0;

	(void)profile;
	ck_assert_ptr_nonnull(key);
	if (response->status != 200 || sscanf(response->body.at, "rows %u%n", &rows, &at) != 1) {
		/* A reader may have got half of the way. */
		add_rows(lists, endpoint, 1);
		health->permission[PERMISSION_WITHDRAW] = 1;
		return failure_set(why, FAILURE_PROTOCOL, "it makes no sense");
	}
	add_rows(lists, endpoint, rows);
	if (endpoint == ACCOUNT_KEY)
		health->permission[PERMISSION_TRADE] = 1;
	if (endpoint == ACCOUNT_LOCK)
		health->trading_locked = 0;
	if (strncmp(response->body.at + at, " next ", 6) == 0)
		*cursor = strdup(response->body.at + at + 6);
	return 0;
}

static int
complete(const char *what, struct failure *why)
{
	if (complete_fails != NULL && strcmp(complete_fails, what) == 0)
		return failure_set(why, FAILURE_PROTOCOL, "it does not fit");
	return 0;
}

int
account_complete_positions(const struct profile *profile, struct account_lists *lists, struct failure *why)
{
	(void)profile;
	(void)lists;
	return complete("positions", why);
}

int
account_complete_balances(struct account_lists *lists, struct failure *why)
{
	(void)lists;
	return complete("balances", why);
}

/* A venue with all endpoints. */
static const struct profile_read reads[ACCOUNT_ENDPOINTS] = {
	{ .path = "/balances?a=1", .weight = 1, .list = "", .cursor = "/next", .cursor_parameter = "cursor" },
	{ .path = "/positions", .weight = 20, .list = "", .cursor = "/next", .cursor_parameter = "after" },
	{ .path = "/instruments?kind=a b", .weight = 300, .list = "" },
	{ .path = "/key", .weight = 4000 },
	{ .path = "/lock", .weight = 50000 },
};

static struct profile *
new_profile(const char *name)
{
	char path[64];
	struct profile *p;

	(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", name);
	p = profile_load(path, &told);
	ck_assert_msg(p != NULL, "%s", told.text);
	memcpy(p->account.reads, reads, sizeof(reads));
	return p;
}

static struct account_key *
new_key(const struct profile *p)
{
	struct account_key *key = account_key_new(p, "testkey", "AAAA", "testpass", &secrets, &told);

	ck_assert_msg(key != NULL, "%s", told.text);
	return key;
}

/* One target that is asked for what `letters` names: b, p, i, k, l. */
struct one {
	struct profile *profile;
	struct account_key *key;
	struct account_target target;
	struct account_reading reading;
};

static void
set_up(struct one *one, const char *exchange, const char *letters)
{
	*one = (struct one){ 0 };
	one->profile = new_profile(exchange);
	one->key = new_key(one->profile);
	one->target = (struct account_target){ .profile = one->profile, .key = one->key };
	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++)
		one->target.asked[e] = strchr(letters, "bpikl"[e]) != NULL;
	sent_count = 0;
	complete_fails = NULL;
}

static void
probe(struct one *one)
{
	ck_assert_int_eq(
	    account_probe(NULL, &one->target, 1, deadline_in(INT64_C(20000000000)), &one->reading, &told), 0);
}

static void
tear_down(struct one *one)
{
	account_readings_release(&one->reading, 1);
	account_key_free(one->key);
	profile_free(one->profile);
}

static const struct rule all_well[] = { { "/balances", 200, "rows 3" }, { "/positions", 200, "rows 2" },
	{ "/instruments", 200, "rows 4" }, { "/key", 200, "rows 0" }, { "/lock", 200, "rows 0" }, { 0 } };

START_TEST(what_is_asked_is_read_and_nothing_else_is_sent)
{
	struct one one;

	rules = all_well;
	set_up(&one, "binance", "bpikl");
	ck_assert_int_eq(account_weight(&one.target), 54321);
	probe(&one);
	ck_assert_uint_eq(sent_count, 5);
	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++) {
		const struct account_part *part = &one.reading.parts[e];

		ck_assert(part->asked && part->read);
		ck_assert_uint_eq(part->requests, 1);
		ck_assert_double_eq_tol(part->seconds, 0.25, 1e-9);
		ck_assert_str_eq(sent[e].body, "(GET)");
		ck_assert_uint_eq(sent[e].limit, e < ACCOUNT_KEY ? 16777216 : 262144);
		ck_assert_msg((strstr(sent[e].url, "&signature=") != NULL) == (e != ACCOUNT_INSTRUMENTS),
		    "%s", sent[e].url);
		ck_assert(sent[e].headers == (e != ACCOUNT_INSTRUMENTS));
	}
	ck_assert_int_eq(strncmp(sent[0].url, "https://api.binance.com/balances?a=1&timestamp=", 47), 0);
	ck_assert_str_eq(sent[2].url, "https://api.binance.com/instruments?kind=a%20b");
	ck_assert_uint_eq(one.reading.lists.balance_count, 3);
	ck_assert_uint_eq(one.reading.lists.position_count, 2);
	ck_assert_uint_eq(one.reading.lists.instrument_count, 4);
	ck_assert_int_eq(one.reading.health.permission[PERMISSION_TRADE], 1);
	ck_assert_int_eq(one.reading.health.permission[PERMISSION_WITHDRAW], -1);
	ck_assert_int_eq(one.reading.health.trading_locked, 0);
	ck_assert_int_eq(one.reading.health.ip_restricted, -1);
	ck_assert_int_eq(one.reading.weight, 54321);
	ck_assert(!one.reading.refused);
	tear_down(&one);

	set_up(&one, "binance", "k");
	ck_assert_int_eq(account_weight(&one.target), 4000);
	probe(&one);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert(!one.reading.parts[ACCOUNT_BALANCES].asked && !one.reading.parts[ACCOUNT_BALANCES].read);
	tear_down(&one);

	set_up(&one, "binance", "bk");
	one.profile->account.reads[ACCOUNT_BALANCES].path = NULL;
	probe(&one);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert(!one.reading.parts[ACCOUNT_BALANCES].asked);
	tear_down(&one);
}
END_TEST

static const struct rule three_pages[] = { { "cursor=a%2Fb%3D", 200, "rows 3 next 9|z" },
	{ "cursor=9%7Cz", 200, "rows 1" }, { "/balances", 200, "rows 3 next a/b=" },
	{ "/positions", 200, "rows 2" }, { 0 } };

START_TEST(pages_are_asked_for_one_after_another)
{
	struct one one;

	rules = three_pages;
	set_up(&one, "binance", "bp");
	probe(&one);
	ck_assert(one.reading.parts[ACCOUNT_BALANCES].read);
	ck_assert_uint_eq(one.reading.parts[ACCOUNT_BALANCES].requests, 3);
	ck_assert_double_eq_tol(one.reading.parts[ACCOUNT_BALANCES].seconds, 0.75, 1e-9);
	ck_assert_uint_eq(one.reading.lists.balance_count, 7);
	ck_assert_uint_eq(one.reading.lists.position_count, 2);
	ck_assert_int_eq(one.reading.weight, 3 + 20);
	tear_down(&one);
}
END_TEST

START_TEST(pages_cost_no_more_than_they_may)
{
	const struct account_part *part;
	struct one one;

	rules = three_pages;
	set_up(&one, "binance", "bp");
	one.target.weight_most = 1 + 20 + 2; /* two more pages of balances */
	probe(&one);
	ck_assert(one.reading.parts[ACCOUNT_BALANCES].read);
	ck_assert_int_eq(one.reading.weight, 23);
	tear_down(&one);

	set_up(&one, "binance", "bp");
	one.target.weight_most = 1 + 20 + 1;
	probe(&one);
	part = &one.reading.parts[ACCOUNT_BALANCES];
	ck_assert(!part->read);
	ck_assert_int_eq(part->failure.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(part->failure.text, "it would cost more than 22 of the rate limit") != NULL,
	    "%s", part->failure.text);
	ck_assert_uint_eq(one.reading.lists.balance_count, 0);
	ck_assert(one.reading.parts[ACCOUNT_POSITIONS].read);
	ck_assert_int_eq(one.reading.weight, 22);
	tear_down(&one);
}
END_TEST

/* The last page of the list ends it as it should not. */
static const struct {
	struct rule rules[4];
	enum failure_kind kind;
	const char *told;
	size_t requests;
} broken[] = {
	{ { { "cursor=2", 200, "bad" }, { "/balances", 200, "rows 3 next 2" }, { "", 200, "rows 1" } },
	    FAILURE_PROTOCOL, "page 2: it makes no sense", 2 },
	{ { { "cursor=2", 0, "" }, { "/balances", 200, "rows 3 next 2" }, { "", 200, "rows 1" } },
	    FAILURE_TIMEOUT, "page 2: no answer in time", 2 },
	{ { { "cursor=2", 200, "rows 1 next 2" }, { "/balances", 200, "rows 3 next 2" },
	      { "", 200, "rows 1" } },
	    FAILURE_PROTOCOL, "page 2: it names itself as the next page", 2 },
	{ { { "/balances", 200, "rows 3 next a&symbol=b" }, { "", 200, "rows 1" } }, FAILURE_PROTOCOL,
	    "the cursor of the next page is not valid", 1 },
	{ { { "/balances", 200, "rows 3 next a\nb" }, { "", 200, "rows 1" } }, FAILURE_PROTOCOL,
	    "the cursor of the next page is not valid", 1 },
	{ { { "/balances", 500, "" }, { "", 200, "rows 1" } }, FAILURE_PROTOCOL, "page 1: it makes no sense",
	    1 },
};

START_TEST(a_page_that_fails_makes_the_whole_list_unread)
{
	const struct account_part *part;
	struct one one;

	rules = broken[_i].rules;
	set_up(&one, "binance", "bp");
	probe(&one);
	part = &one.reading.parts[ACCOUNT_BALANCES];
	ck_assert(part->asked && !part->read);
	ck_assert_msg(strstr(part->failure.text, broken[_i].told) != NULL, "%s", part->failure.text);
	ck_assert_int_eq(part->failure.kind, broken[_i].kind);
	ck_assert_uint_eq(part->requests, broken[_i].requests);
	ck_assert_uint_eq(one.reading.lists.balance_count, 0);
	ck_assert(one.reading.parts[ACCOUNT_POSITIONS].read);
	ck_assert_uint_eq(one.reading.lists.position_count, 1);
	tear_down(&one);
}
END_TEST

/* Two paths more, and each list has pages of its own: a cursor of one says nothing of the other. */
static const struct rule parts_well[] = { { "a=3&after=x", 200, "rows 1" }, { "a=3", 200, "rows 2 next x" },
	{ "a=2", 200, "rows 0" }, { "/positions?after=x", 200, "rows 8" },
	{ "/positions", 200, "rows 4 next x" }, { 0 } };
static const struct rule parts_bad[] = { { "a=3", 200, "bad" }, { "", 200, "rows 1" }, { 0 } };

static void
set_up_parts(struct one *one)
{
	set_up(one, "bybit", "p");
	one->profile->account.reads[ACCOUNT_POSITIONS].also =
	    (struct profile_list){ { "/positions?a=2", "/more?a=3" }, 2 };
}

START_TEST(a_list_in_parts_is_all_of_them)
{
	struct one one;

	rules = parts_well;
	set_up_parts(&one);
	ck_assert_int_eq(account_weight(&one.target), 60);
	probe(&one);
	ck_assert_msg(one.reading.parts[ACCOUNT_POSITIONS].read, "%s",
	    one.reading.parts[ACCOUNT_POSITIONS].failure.text);
	ck_assert_uint_eq(one.reading.lists.position_count, 15);
	ck_assert_uint_eq(one.reading.parts[ACCOUNT_POSITIONS].requests, 5);
	ck_assert_int_eq(one.reading.weight, 100);
	ck_assert_ptr_nonnull(strstr(sent[2].url, "/positions?a=2"));
	ck_assert_ptr_nonnull(strstr(sent[3].url, "/more?a=3"));
	tear_down(&one);
}
END_TEST

START_TEST(a_list_without_one_of_its_parts_is_unread)
{
	struct one one;

	rules = parts_bad;
	set_up_parts(&one);
	probe(&one);
	ck_assert(!one.reading.parts[ACCOUNT_POSITIONS].read);
	ck_assert_msg(strstr(one.reading.parts[ACCOUNT_POSITIONS].failure.text, "page 3: ") != NULL, "%s",
	    one.reading.parts[ACCOUNT_POSITIONS].failure.text);
	ck_assert_uint_eq(one.reading.lists.position_count, 0);
	tear_down(&one);
}
END_TEST

/* A list without an end: each page names another one. */
static struct rule endless[ACCOUNT_PAGES + 10];
static char endless_texts[ACCOUNT_PAGES + 10][2][48];

START_TEST(paging_ends_after_so_many_pages)
{
	const struct account_part *part;
	struct one one;
	int last = ACCOUNT_PAGES + 8;

	for (int i = 0; i < last; i++) {
		(void)snprintf(endless_texts[i][0], 48, "after=p%dx", last - i);
		(void)snprintf(endless_texts[i][1], 48, "rows 1 next p%dx", last - i + 1);
		endless[i] = (struct rule){ endless_texts[i][0], 200, endless_texts[i][1] };
	}
	endless[last] = (struct rule){ "/positions", 200, "rows 1 next p1x" };
	endless[last + 1] = (struct rule){ 0 };
	rules = endless;
	set_up(&one, "bybit", "p");
	probe(&one);
	part = &one.reading.parts[ACCOUNT_POSITIONS];
	ck_assert(!part->read);
	ck_assert_msg(strstr(part->failure.text, "more than 100 pages") != NULL, "%s", part->failure.text);
	ck_assert_int_eq(part->failure.kind, FAILURE_PROTOCOL);
	ck_assert_uint_eq(part->requests, ACCOUNT_PAGES);
	ck_assert_uint_eq(one.reading.lists.position_count, 0);
	tear_down(&one);

	/* That many, and not one more, are all right. */
	endless[last - (ACCOUNT_PAGES - 1)].body = "rows 1";
	set_up(&one, "bybit", "p");
	probe(&one);
	ck_assert(one.reading.parts[ACCOUNT_POSITIONS].read);
	ck_assert_uint_eq(one.reading.lists.position_count, ACCOUNT_PAGES);
	tear_down(&one);
}
END_TEST

static uint64_t
nonce_of(const char *body)
{
	ck_assert_int_eq(strncmp(body, "nonce=", 6), 0);
	return strtoull(body + 6, NULL, 10);
}

static void
make_kraken(struct one *one)
{
	static const char *const paths[] = { "/0/private/BalanceEx",
		"/0/private/OpenPositions?docalcs=true" };

	set_up(one, "kraken", "bp");
	for (size_t e = 0; e < 2; e++) {
		one->profile->account.reads[e].path = paths[e];
		one->profile->account.reads[e].post = true;
	}
}

static const struct rule kraken[] = { { "BalanceEx", 200, "rows 3 next 50" },
	{ "OpenPositions", 200, "rows 2" }, { "/instruments", 200, "rows 2" }, { 0 } };

START_TEST(nonces_grow_in_the_order_of_sending)
{
	struct rule twice[] = { { "BalanceEx", 200, "rows 3" }, kraken[1], kraken[2], { 0 } };
	uint64_t last = 0;
	struct one one;

	rules = twice;
	make_kraken(&one);
	one.target.asked[ACCOUNT_INSTRUMENTS] = true;
	for (int run = 0; run < 3; run++) {
		account_readings_release(&one.reading, 1);
		probe(&one);
		ck_assert(
		    one.reading.parts[ACCOUNT_BALANCES].read && one.reading.parts[ACCOUNT_POSITIONS].read);
		ck_assert_uint_eq(one.reading.lists.instrument_count, 2);
	}
	ck_assert_uint_eq(sent_count, 9);
	for (size_t i = 0; i < sent_count; i++) {
		if (strstr(sent[i].url, "instruments") != NULL) {
			ck_assert_str_eq(sent[i].body, "(GET)");
			continue;
		}
		ck_assert_ptr_null(strchr(sent[i].url, '?'));
		ck_assert_uint_gt(nonce_of(sent[i].body), last);
		last = nonce_of(sent[i].body);
		if (strstr(sent[i].url, "OpenPositions") != NULL)
			ck_assert_str_eq(strchr(sent[i].body, '&'), "&docalcs=true");
	}
	tear_down(&one);
}
END_TEST

START_TEST(one_endpoint_that_fails_does_not_stop_the_next_of_its_chain)
{
	struct rule first_bad[] = { { "BalanceEx", 200, "bad" }, kraken[1], { 0 } };
	struct one one;

	rules = first_bad;
	make_kraken(&one);
	probe(&one);
	ck_assert(!one.reading.parts[ACCOUNT_BALANCES].read);
	ck_assert(one.reading.parts[ACCOUNT_POSITIONS].read);
	tear_down(&one);
}
END_TEST

START_TEST(what_stands_behind_a_request_that_hangs_is_unread)
{
	struct rule hanging[] = { { "BalanceEx", 0, "" }, kraken[1], { 0 } };
	struct one one;

	rules = hanging;
	make_kraken(&one);
	probe(&one);
	ck_assert_uint_eq(sent_count, 1);
	for (size_t e = 0; e < 2; e++) {
		ck_assert(one.reading.parts[e].asked && !one.reading.parts[e].read);
		ck_assert_int_eq(one.reading.parts[e].failure.kind, FAILURE_TIMEOUT);
	}
	ck_assert_ptr_nonnull(strstr(one.reading.parts[ACCOUNT_POSITIONS].failure.text, "not asked"));
	ck_assert_int_eq(one.reading.weight, 1);
	tear_down(&one);
}
END_TEST

START_TEST(an_order_in_a_profile_is_not_sent)
{
	static const char *const paths[] = { "/0/private/AddOrder", "/0/private/CancelAll" };
	struct one one;

	rules = kraken;
	make_kraken(&one);
	for (size_t e = 0; e < 2; e++)
		one.profile->account.reads[e].path = paths[e];
	probe(&one);
	ck_assert_uint_eq(sent_count, 0);
	for (size_t e = 0; e < 2; e++) {
		ck_assert(one.reading.parts[e].asked && !one.reading.parts[e].read);
		ck_assert_int_eq(one.reading.parts[e].failure.kind, FAILURE_LOCAL);
		ck_assert_ptr_nonnull(
		    strstr(one.reading.parts[e].failure.text, "not one of the calls that only read"));
	}
	ck_assert_int_eq(one.reading.weight, 0);
	tear_down(&one);
}
END_TEST

static const struct {
	const char *exchange;
	int status;
	const char *body;
	double least, most; /* seconds from now until it ends */
} refusals[] = {
	{ "binance", 429, "{\"code\":-1003,\"msg\":\"Too much\"}", 1, 3600 },
	{ "binance", 418, "not even JSON", 1, 7 * 86400 },
	{ "bybit", 200, "{\"retCode\":10006,\"retMsg\":\"Too many visits!\"}", 1, 3600 },
	{ "okx", 429, "{\"code\":\"50011\",\"msg\":\"Too Many Requests\",\"data\":[]}", 1, 3600 },
};

START_TEST(after_a_refusal_nothing_more_is_sent_there)
{
	struct rule refusing[] = { { "/balances", refusals[_i].status, refusals[_i].body },
		{ "/other", 200, "rows 1 next 2" }, { "", 200, "rows 1" }, { 0 } };
	double before = (double)time(NULL);
	struct one one;

	rules = refusing;
	set_up(&one, refusals[_i].exchange, "bpikl");
	probe(&one);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert(one.reading.refused);
	ck_assert_double_ge(one.reading.refused_until, before + refusals[_i].least);
	ck_assert_double_le(one.reading.refused_until, (double)time(NULL) + 1 + refusals[_i].most);
	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++) {
		ck_assert(one.reading.parts[e].asked && !one.reading.parts[e].read);
		ck_assert_uint_eq(one.reading.parts[e].requests, e == ACCOUNT_BALANCES);
		ck_assert_int_ne(one.reading.parts[e].failure.kind, FAILURE_NONE);
	}
	ck_assert_int_eq(one.reading.weight, 1);
	tear_down(&one);
}
END_TEST

START_TEST(a_refusal_ends_a_chain_and_its_pages_too)
{
	struct rule refusing[] = { { "BalanceEx", 200, "{\"error\":[\"EAPI:Rate limit exceeded\"]}" },
		kraken[1], { 0 } };
	struct rule second_page[] = { { "cursor=2", 429, "" }, { "/balances", 200, "rows 1 next 2" }, { 0 } };
	struct one one;

	rules = refusing;
	make_kraken(&one);
	probe(&one);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert(one.reading.refused);
	ck_assert_int_eq(one.reading.parts[ACCOUNT_POSITIONS].failure.kind, FAILURE_REJECTED);
	ck_assert_ptr_nonnull(strstr(one.reading.parts[ACCOUNT_POSITIONS].failure.text, "not asked"));
	tear_down(&one);

	rules = second_page;
	set_up(&one, "binance", "b");
	probe(&one);
	ck_assert(one.reading.refused && !one.reading.parts[ACCOUNT_BALANCES].read);
	ck_assert_uint_eq(one.reading.lists.balance_count, 0);
	tear_down(&one);
}
END_TEST

/* Others go on. */
START_TEST(a_refusal_is_of_one_exchange)
{
	struct rule refusing[] = { { "binance.com/balances", 429, "" }, { "", 200, "rows 2" }, { 0 } };
	struct account_reading readings[2];
	struct account_target targets[2];
	struct one one, other;

	rules = refusing;
	set_up(&one, "binance", "bp");
	set_up(&other, "upbit", "bp");
	targets[0] = one.target;
	targets[1] = other.target;
	targets[1].base_url = "http://127.0.0.1:9/upbit";
	ck_assert_int_eq(
	    account_probe(NULL, targets, 2, deadline_in(INT64_C(20000000000)), readings, &told), 0);
	ck_assert(readings[0].refused && !readings[1].refused);
	ck_assert(!readings[0].parts[ACCOUNT_POSITIONS].read);
	ck_assert(readings[1].parts[ACCOUNT_BALANCES].read && readings[1].parts[ACCOUNT_POSITIONS].read);
	ck_assert_uint_eq(readings[1].lists.balance_count, 2);
	ck_assert_int_eq(strncmp(sent[1].url, "http://127.0.0.1:9/upbit/balances?a=1", 37), 0);
	account_readings_release(readings, 2);
	tear_down(&one);
	tear_down(&other);
}
END_TEST

START_TEST(an_error_that_is_no_refusal_lets_the_others_be_asked)
{
	struct rule failing[] = { { "/balances", 401, "{\"code\":-2015,\"msg\":\"Invalid API-key\"}" },
		{ "", 200, "rows 1" }, { 0 } };
	struct one one;

	rules = failing;
	set_up(&one, "binance", "bpk");
	probe(&one);
	ck_assert_uint_eq(sent_count, 3);
	ck_assert(!one.reading.refused);
	ck_assert_double_eq(one.reading.refused_until, 0);
	ck_assert(one.reading.parts[ACCOUNT_POSITIONS].read && one.reading.parts[ACCOUNT_KEY].read);
	tear_down(&one);
}
END_TEST

START_TEST(of_a_key_s_answer_that_fails_nothing_is_known)
{
	struct rule failing[] = { { "/key", 200, "bad" }, { "", 200, "rows 0" }, { 0 } };
	struct one one;

	rules = failing;
	set_up(&one, "binance", "kl");
	probe(&one);
	ck_assert(!one.reading.parts[ACCOUNT_KEY].read && one.reading.parts[ACCOUNT_LOCK].read);
	ck_assert_int_eq(one.reading.health.permission[PERMISSION_WITHDRAW], -1);
	ck_assert_int_eq(one.reading.health.trading_locked, 0);
	ck_assert_msg(strncmp(one.reading.parts[ACCOUNT_KEY].failure.text, "it makes no sense", 17) == 0,
	    "%s", one.reading.parts[ACCOUNT_KEY].failure.text);
	tear_down(&one);
}
END_TEST

START_TEST(balances_and_positions_are_completed_apart)
{
	struct rule no_sizes[] = { { "/instruments", 200, "bad" }, { "", 200, "rows 1" }, { 0 } };
	struct one one;

	rules = all_well;
	set_up(&one, "binance", "bpi");
	complete_fails = "positions";
	probe(&one);
	ck_assert(one.reading.parts[ACCOUNT_BALANCES].read && !one.reading.parts[ACCOUNT_POSITIONS].read);
	ck_assert_uint_eq(one.reading.lists.position_count, 0);
	ck_assert_uint_eq(one.reading.lists.balance_count, 3);
	ck_assert_uint_eq(one.reading.lists.instrument_count, 4);
	ck_assert_str_eq(one.reading.parts[ACCOUNT_POSITIONS].failure.text, "it does not fit");
	tear_down(&one);

	set_up(&one, "binance", "bp");
	complete_fails = "balances";
	probe(&one);
	ck_assert(!one.reading.parts[ACCOUNT_BALANCES].read && one.reading.parts[ACCOUNT_POSITIONS].read);
	ck_assert_uint_eq(one.reading.lists.balance_count, 0);
	ck_assert_uint_eq(one.reading.lists.position_count, 2);
	tear_down(&one);

	rules = no_sizes;
	set_up(&one, "binance", "pi");
	complete_fails = "positions";
	probe(&one);
	ck_assert(!one.reading.parts[ACCOUNT_POSITIONS].read);
	ck_assert_str_eq(
	    one.reading.parts[ACCOUNT_POSITIONS].failure.text, "the sizes of contracts: it makes no sense");
	ck_assert_uint_eq(one.reading.lists.instrument_count, 0);
	tear_down(&one);
}
END_TEST

static char paper_host[] = "paper-house", exchange_itself[] = "api.binance.com";
static char *const paper_hosts[] = { paper_host, exchange_itself };

/* NULL: the profile's own. */
static const struct {
	const char *url;
	enum profile_place place;
} places[] = {
	{ NULL, PLACE_LIVE },
	{ "https://api.binance.com", PLACE_LIVE },
	{ "https://0.0.0.0:8443", PLACE_LIVE },
	{ "https://127.0.0.1.example.com", PLACE_LIVE },
	{ "https://localhost.example.com", PLACE_LIVE },
	{ "https://example.com/127.0.0.1", PLACE_LIVE },
	{ "https://example.com/https://testnet.binance.vision", PLACE_LIVE },
	{ "https://testnet.binance.vision.example.com", PLACE_LIVE },
	{ "https://testnet.binance.vision:8443", PLACE_LIVE },
	{ "http://testnet.binance.vision", PLACE_LIVE },
	{ "https://api-testnet.bybit.com", PLACE_LIVE },
	{ "https://128.0.0.1", PLACE_LIVE },
	{ "https://10.0.0.1", PLACE_LIVE },
	{ "https://[::2]", PLACE_LIVE },
	{ "https://paper-house.example.com", PLACE_LIVE },
	{ "https://example.com/paper-house", PLACE_LIVE },
	{ "https://API.binance.com:8443/binance", PLACE_LIVE },
	{ "nonsense", PLACE_LIVE },
	{ "http://127.0.0.1:8080/binance", PLACE_OURS },
	{ "http://127.1.2.3", PLACE_OURS },
	{ "http://localhost:1", PLACE_OURS },
	{ "https://[::1]:8443", PLACE_OURS },
	{ "https://paper-house", PLACE_OURS },
	{ "https://Paper-House:9180/binance", PLACE_OURS },
	{ "https://testnet.binance.vision", PLACE_TEST },
	{ "https://TESTNET.binance.vision:443/x", PLACE_TEST },
	{ "https://demo-api.binance.com", PLACE_TEST },
	{ "https://api1.testnet.binance.vision", PLACE_TEST },
};

START_TEST(in_paper_nothing_is_sent_to_a_live_place)
{
	bool paper = places[_i].place != PLACE_LIVE;
	struct one one;

	rules = all_well;
	set_up(&one, "binance", "bpikl");
	one.target.base_url = places[_i].url;
	one.target.paper_only = true;
	one.target.paper_hosts = paper_hosts;
	one.target.paper_host_count = LENGTH(paper_hosts);
	probe(&one);
	ck_assert_int_eq(
	    profile_place(one.profile, places[_i].url, paper_hosts, LENGTH(paper_hosts)), places[_i].place);
	ck_assert_uint_eq(sent_count, paper ? 5 : 0);
	for (size_t i = 0; i < sent_count; i++)
		ck_assert_int_eq(sent[i].private_only, places[_i].place == PLACE_OURS);
	for (size_t e = 0; !paper && e < ACCOUNT_ENDPOINTS; e++) {
		ck_assert(!one.reading.parts[e].read);
		ck_assert_int_eq(one.reading.parts[e].failure.kind, FAILURE_LOCAL);
		ck_assert_ptr_nonnull(strstr(one.reading.parts[e].failure.text, "nothing was sent"));
	}
	tear_down(&one);
}
END_TEST

START_TEST(a_host_of_ours_is_one_only_where_it_is_named)
{
	struct one one;

	rules = all_well;
	set_up(&one, "binance", "b");
	ck_assert_int_eq(profile_place(one.profile, "https://paper-house", NULL, 0), PLACE_LIVE);
	ck_assert_int_eq(profile_place(one.profile, "https://paper-house", paper_hosts + 1, 1), PLACE_LIVE);
	tear_down(&one);
}
END_TEST

START_TEST(without_a_key_nothing_that_is_signed_is_asked)
{
	struct one one;

	rules = all_well;
	set_up(&one, "binance", "b");
	one.target.key = NULL;
	probe(&one);
	ck_assert_uint_eq(sent_count, 0);
	ck_assert_int_eq(one.reading.parts[ACCOUNT_BALANCES].failure.kind, FAILURE_LOCAL);
	ck_assert_ptr_nonnull(strstr(one.reading.parts[ACCOUNT_BALANCES].failure.text, "no API key"));
	tear_down(&one);
}
END_TEST

START_TEST(no_targets_are_no_work)
{
	sent_count = 0;
	ck_assert_int_eq(account_probe(NULL, NULL, 0, deadline_in(INT64_C(20000000000)), NULL, &told), 0);
	ck_assert_uint_eq(sent_count, 0);
}
END_TEST

static const struct {
	const char *cursor;
	bool valid;
} cursors[] = { { "abc", true }, { "MTIz+/==", true }, { "a%2Cb", true }, { "", false }, { "a&b", false },
	{ "a#b", false }, { "a\r\nb", false }, { "a\x7f", false } };

START_TEST(a_cursor_cannot_become_another_parameter)
{
	char text[ACCOUNT_CURSOR + 2];

	ck_assert(account_cursor_valid(cursors[_i].cursor) == cursors[_i].valid);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(!account_cursor_valid(text));
	ck_assert(account_cursor_valid(text + 1));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("account");
	TCase *t = tcase_create("account");
	int status;

	tcase_add_test(t, what_is_asked_is_read_and_nothing_else_is_sent);
	tcase_add_test(t, pages_are_asked_for_one_after_another);
	tcase_add_loop_test(t, a_page_that_fails_makes_the_whole_list_unread, 0, LENGTH(broken));
	tcase_add_test(t, a_list_in_parts_is_all_of_them);
	tcase_add_test(t, a_list_without_one_of_its_parts_is_unread);
	tcase_add_test(t, paging_ends_after_so_many_pages);
	tcase_add_test(t, pages_cost_no_more_than_they_may);
	tcase_add_test(t, nonces_grow_in_the_order_of_sending);
	tcase_add_test(t, one_endpoint_that_fails_does_not_stop_the_next_of_its_chain);
	tcase_add_test(t, what_stands_behind_a_request_that_hangs_is_unread);
	tcase_add_test(t, an_order_in_a_profile_is_not_sent);
	tcase_add_loop_test(t, after_a_refusal_nothing_more_is_sent_there, 0, LENGTH(refusals));
	tcase_add_test(t, a_refusal_ends_a_chain_and_its_pages_too);
	tcase_add_test(t, a_refusal_is_of_one_exchange);
	tcase_add_test(t, an_error_that_is_no_refusal_lets_the_others_be_asked);
	tcase_add_test(t, of_a_key_s_answer_that_fails_nothing_is_known);
	tcase_add_test(t, balances_and_positions_are_completed_apart);
	tcase_add_test(t, without_a_key_nothing_that_is_signed_is_asked);
	tcase_add_loop_test(t, in_paper_nothing_is_sent_to_a_live_place, 0, LENGTH(places));
	tcase_add_test(t, a_host_of_ours_is_one_only_where_it_is_named);
	tcase_add_test(t, no_targets_are_no_work);
	tcase_add_loop_test(t, a_cursor_cannot_become_another_parameter, 0, LENGTH(cursors));
	suite_add_tcase(s, t);
	status = run_suite(s);
	secrets_release(&secrets);
	return status;
}
