/*
 * What an answer says besides its data: a ban, "fewer requests", maintenance, how much of a limit is used.
 *
 * Exchanges say it in four ways: by the HTTP status (429, 418, at Bybit 403), by a code in the body (at
 * Kraken with status 200), by the beginning of a message ("access too frequent"), by a time in the message
 * ("banned until 1700000000000").  Each of these is enough.  Seeing a ban too many costs a pause; a ban
 * that is missed is made longer by the next request.
 *
 * Times come from outside and are held within bounds, because a wrong one would silence the program for
 * years.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text/text.h"
#include "exchange/answer/answer.h"
#include "exchange/ban_list.h"
#include "textfile/number.h"

/* 418 is a ban on every exchange, also where its documentation does not mention it. */
enum { STATUS_BAN = 418, BEGINNING = 1024 };

/* Each header once: there is room for HTTP_HEADERS of them. */
static size_t
want(const char *wanted[], size_t count, const char *name)
{
	if (name == NULL || count == HTTP_HEADERS)
		return count;
	for (size_t i = 0; i < count; i++)
		if (strcmp(wanted[i], name) == 0)
			return count;
	wanted[count] = name;
	return count + 1;
}

void
answer_wanted(const struct profile *profile, const char *wanted[HTTP_HEADERS + 1])
{
	size_t count = want(wanted, 0, profile->retry_after);

	for (size_t i = 0; i < profile->limit_count; i++) {
		count = want(wanted, count, profile->limits[i].header);
		count = want(wanted, count, profile->limits[i].ceiling_header);
	}
	wanted[count] = NULL;
}

/*
 * The value of a header, "" when absent.  The client returns values in the order in which they were asked
 * for, so that the place in that list is the place of the value.
 */
static const char *
header(const struct profile *profile, const struct http_response *response, const char *name)
{
	const char *wanted[HTTP_HEADERS + 1];

	answer_wanted(profile, wanted);
	for (size_t i = 0; name != NULL && wanted[i] != NULL; i++)
		if (strcmp(wanted[i], name) == 0)
			return response->wanted[i];
	return "";
}

/* The number that `text` begins with, behind blanks, up to ';' or the end; negative: none. */
static double
leading_number(const char *text)
{
	struct slice number;

	text += strspn(text, " ");
	number = (struct slice){ text, strspn(text, "0123456789.") };
	if (number.length == 0 || strchr("; ", text[number.length]) == NULL || !number_valid(number))
		return -1;
	return number_value(number);
}

/* Of "group=default; min=899; sec=29", the number of a key. */
static double
keyed_number(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text != NULL && *text != '\0') {
		text += strspn(text, "; ");
		if (strncmp(text, key, length) == 0 && text[length] == '=')
			return leading_number(text + length + 1);
		text = strchr(text, ';');
	}
	return -1;
}

double
answer_limit(
    const struct profile *profile, const struct profile_limit *limit, const struct http_response *response)
{
	const char *text = header(profile, response, limit->header);
	double value = limit->key != NULL ? keyed_number(text, limit->key) : leading_number(text);
	double ceiling = limit->ceiling;

	if (limit->ceiling_header != NULL)
		ceiling = leading_number(header(profile, response, limit->ceiling_header));
	/* "Unknown" and not 0: a limit that nobody knows must not look unused. */
	if (value < 0 || !(ceiling > 0))
		return -1;
	if (limit->semantics == LIMIT_USED)
		return value / ceiling;
	/* More may remain than the profile says the limit is, where an exchange raised it. */
	return value >= ceiling ? 0 : 1 - value / ceiling;
}

bool
answer_list_has(const struct profile_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

static bool
list_has_status(const struct profile_list *list, int status)
{
	char text[ANSWER_TEXT];

	(void)snprintf(text, sizeof(text), "%d", status);
	return answer_list_has(list, text);
}

/* A code must be the same; of a message the beginning counts, because details often follow.  "*text" may be
 * anywhere in it, in capitals or not. */
bool
answer_is_of_class(const struct profile_list *class, const struct complaint *complaint)
{
	for (size_t i = 0; i < class->count; i++)
		if (strcmp(class->items[i], complaint->code) == 0 ||
		    strncmp(class->items[i], complaint->message, strlen(class->items[i])) == 0 ||
		    (*class->items[i] == '*' && strcasestr(complaint->message, class->items[i] + 1) != NULL))
			return true;
	return false;
}

int
answer_is_ok(const struct profile *profile, struct json_scan *scan, struct failure *why)
{
	char text[ANSWER_TEXT];
	struct json_rows rows;
	struct slice value, key, row;
	enum scan_kind kind;

	value = json_scan_get(scan, scan->text, profile->ok_pointer);
	if (json_scan_check(scan, why) != 0)
		return -1;
	kind = json_scan_kind(value);
	if (profile->ok_kind == OK_ABSENT)
		return kind == SCAN_NOTHING || kind == SCAN_NULL;
	/* Kraken: "error":[] is a success. */
	if (profile->ok_kind == OK_EMPTY && kind == SCAN_LIST)
		return !json_rows_begin(value, &rows) || !json_rows_next(&rows, &key, &row);
	/* A text where a list of errors is due is an error, too. */
	if (profile->ok_kind == OK_EMPTY && kind == SCAN_STRING && answer_text(value, text) && *text != '\0')
		return 0;
	if (profile->ok_kind == OK_EQUALS && answer_text(value, text))
		return strcmp(text, profile->ok_value) == 0;
	return failure_set(why, FAILURE_PROTOCOL, "the answer has no '%s'", profile->ok_pointer);
}

/* The first pointer that finds a text: different errors of an exchange have it in different places. */
static void
read_first(struct json_scan *scan, const struct profile_list *pointers, char out[BEGINNING])
{
	char buffer[BEGINNING];

	*out = '\0';
	for (size_t i = 0; i < pointers->count && *out == '\0'; i++) {
		struct slice value = json_scan_get(scan, scan->text, pointers->items[i]), text = { "", 0 };

		/* A long text with escapes is taken as it stands: the beginning counts. */
		if (!json_scan_text(value, buffer, sizeof(buffer), &text) &&
		    json_scan_kind(value) == SCAN_STRING)
			text = (struct slice){ value.at + 1, value.length - 2 };
		(void)snprintf(out, BEGINNING, "%.*s", SLICE_ARGS(text));
	}
}

/* Adds it behind a blank, and not more than `most` bytes of it. */
static void
add_shown(struct complaint *complaint, const char *text, size_t most)
{
	size_t length = strlen(complaint->shown);

	if (*text == '\0')
		return;
	complaint->shown[length++] = ' ';
	text_format(complaint->shown + length, most, "%s", text);
}

/* Lists of a profile are compared with what came; people see it masked, and masked before it is cut. */
void
answer_complaint(
    const struct profile *profile, struct slice body, const struct secrets *sent, struct complaint *complaint)
{
	char code[BEGINNING] = "", message[BEGINNING] = "";
	struct failure ignored;
	struct json_scan scan;
	bool same;

	if (json_scan_open(&scan, body, &ignored) == 0) {
		read_first(&scan, &profile->error_code, code);
		read_first(&scan, &profile->error_message, message);
	} else if (body.length > 0) {
		/* Bans and 429s may be plain text or HTML. */
		(void)snprintf(message, sizeof(message), "%.*s", SLICE_ARGS(body));
	}
	*complaint = (struct complaint){ .shown = "" };
	(void)snprintf(complaint->code, sizeof(complaint->code), "%s", code);
	(void)snprintf(complaint->message, sizeof(complaint->message), "%s", message);
	/* Kraken has one text for both. */
	same = strcmp(code, message) == 0;
	if (sent != NULL) {
		secrets_mask(sent, code);
		secrets_mask(sent, message);
	}
	add_shown(complaint, code, sizeof(complaint->code));
	if (!same)
		add_shown(complaint, message, sizeof(complaint->message));
}

/* "banned until 1700000000000", in any unit; negative: not there. */
static double
ban_in_message(const struct profile *profile, const char *message)
{
	const char *found =
	    profile->ban_until_after != NULL ? strstr(message, profile->ban_until_after) : NULL;
	struct slice number;
	double seconds;

	if (found == NULL)
		return -1;
	found += strlen(profile->ban_until_after);
	number = (struct slice){ found, strspn(found, "0123456789") };
	if (!number_valid(number) || !answer_time_of_number(number_value(number), &seconds))
		return -1;
	return seconds;
}

/*
 * When we may come back: seconds from now, a Unix time in any unit, or a date; negative: not said, or not
 * in the future.  Below 1e9 (2001 as a Unix time) it is seconds.
 */
static double
read_retry(const struct profile *profile, const struct http_response *response, double now)
{
	const char *text = header(profile, response, profile->retry_after);
	double number = leading_number(text), at = -1;

	if (number >= 0 && number < 1e9)
		at = now + number;
	else if (number >= 0)
		(void)answer_time_of_number(number, &at);
	else
		(void)answer_http_date(text, &at);
	if (!(at > now))
		return -1;
	return at < now + (double)BAN_MOST ? at : now + (double)BAN_MOST;
}

/*
 * The end of a ban whose message does not tell it.  "Retry-After" means the ban; other headers tell when
 * the window of a rate limit ends, perhaps in a moment, so that the usual time of a ban is the least.
 */
static double
ban_by_header(const struct profile *profile, double retry_at, double now)
{
	double usual = now + profile->default_ban_seconds;
	bool meant = profile->retry_after != NULL && strcasecmp(profile->retry_after, "Retry-After") == 0;

	return retry_at > (meant ? now : usual) ? retry_at : usual;
}

void
answer_signals(const struct profile *profile, const struct http_response *response,
    const struct complaint *complaint, double now, struct signals *signals)
{
	double until = ban_in_message(profile, complaint->message), longest = now + (double)BAN_MOST;

	/* A time to come behind "banned until" is a ban, whatever status and code say. */
	*signals =
	    (struct signals){ .banned = response->status == STATUS_BAN ||
					list_has_status(&profile->ban_status, response->status) ||
					answer_is_of_class(&profile->banned, complaint) || until >= now,
		    .throttled = list_has_status(&profile->throttle_status, response->status) ||
				 answer_is_of_class(&profile->rate_limited, complaint),
		    .maintenance = answer_is_of_class(&profile->maintenance, complaint),
		    .banned_until = -1,
		    .retry_at = read_retry(profile, response, now) };
	if (!signals->banned)
		return;
	if (until < now)
		until = ban_by_header(profile, signals->retry_at, now);
	signals->banned_until = until < longest ? until : longest;
	/* Binance's 418 has the code of its 429: a ban that is over must not be told as too many requests. */
	signals->throttled = false;
	signals->retry_at = -1;
}

/* The worst signal comes first, then status, code and message as they came. */
int
answer_fail(const struct profile *profile, const struct http_response *response,
    const struct complaint *complaint, const struct signals *signals, struct failure *why)
{
	const struct profile_list *const refusals[] = { &profile->auth_failed, &profile->auth_ip,
		&profile->auth_permission, &profile->auth_expired, &profile->auth_signature };
	bool auth = response->status == 401;
	const char *what = signals->banned        ? "banned"
			   : signals->throttled   ? "asked too much"
			   : signals->maintenance ? "in maintenance"
						  : "refused";

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		auth = auth || answer_is_of_class(refusals[i], complaint);
	return failure_set(why, auth ? FAILURE_AUTH : FAILURE_REJECTED, "%s: HTTP %d%s", what,
	    response->status, complaint->shown);
}
