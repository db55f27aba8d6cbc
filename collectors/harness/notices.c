/*
 * A reason is known by the hash of its words.  Those of a failure count without the ones with digits: a count
 * of failed requests or the end of a ban would make the same reason a new one in each run.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/harness/notices.h"
#include "common/deadline.h"
#include "common/system/time.h"
#include "common/text/array.h"
#include "textfile/state.h"

enum { NOTICES_MOST = 1024, REMIND_SECONDS = 3600 };
enum { IS_FAILURE = 1, HAS_SERIES = 2 }; /* FLAGS of a line */

static const char line_start[] = "\n# failing ";
static const double latest = 1e11; /* a time that can still be written out */

/* FNV-1a: the next process must come to the same. */
static uint64_t
add_word(uint64_t hash, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)word[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t
reason_of(const char *kind, const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	/* News of two markets, "C98/USDT: ..." and "1INCH/USDT: ...", are two. */
	if (kind == NULL)
		return add_word(hash, text, strlen(text));
	hash = add_word(hash, kind, strlen(kind));

	while (*text != '\0') {
		size_t length = 0;
		bool digit = false;

		for (; isalnum((unsigned char)text[length]); length++)
			digit = digit || isdigit((unsigned char)text[length]);
		if (!digit)
			hash = add_word(hash, text, length);
		text += length > 0 ? length : 1;
	}
	return hash;
}

/* "45 s", "12 min", "5 h", "3 days" */
static const char *
period(double seconds, char text[32])
{
	long whole = seconds > 0 ? (long)seconds : 0;

	if (whole < 60)
		(void)snprintf(text, 32, "%ld s", whole);
	else if (whole < 2 * 3600)
		(void)snprintf(text, 32, "%ld min", whole / 60);
	else if (whole < 2 * 86400)
		(void)snprintf(text, 32, "%ld h", whole / 3600);
	else
		(void)snprintf(text, 32, "%ld days", whole / 86400);
	return text;
}

static struct notice *
find(const struct notices *n, const char *target, uint64_t reason)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->items[i].reason == reason && strcmp(n->items[i].target, target) == 0)
			return &n->items[i];
	return NULL;
}

/* A failure of the target that is reported, or of the last run. */
static const struct notice *
find_failure(const struct notices *n, const char *target, bool is_reported)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->items[i].failure && n->items[i].is_reported == is_reported &&
		    strcmp(n->items[i].target, target) == 0)
			return &n->items[i];
	return NULL;
}

/* NULL: out of memory, or there are too many. */
static struct notice *
add(struct notices *n, const struct notice *notice)
{
	struct notice *items = NULL;

	if (n->count < NOTICES_MOST)
		items = array_reserve(n->items, &n->room, n->count + 1, sizeof(*items));
	if (items == NULL)
		return NULL;
	n->items = items;
	items[n->count] = *notice;
	return &items[n->count++];
}

/* The notice of what is reported, new or known. */
static struct notice *
take(struct notices *n, const char *target, const char *kind, const char *text)
{
	struct notice new = { .since = clock_unix_seconds(), .failure = kind != NULL };
	const struct notice *before;
	struct notice *known;

	(void)snprintf(new.target, sizeof(new.target), "%s", target);
	new.reason = reason_of(kind, text);
	known = find(n, new.target, new.reason);
	if (known != NULL)
		return known;
	/* With another reason it is still the same outage. */
	before = new.failure ? find_failure(n, new.target, false) : NULL;
	if (before != NULL)
		new.since = before->since;
	return add(n, &new);
}

void
notices_report(struct notices *n, const struct log *log, enum log_level level, const char *target,
    const char *kind, const char *text)
{
	struct notice *notice = n != NULL ? take(n, target, kind, text) : NULL;
	double now = clock_unix_seconds();
	bool again = notice != NULL && notice->logged > 0;
	char since[TIME_TEXT] = "";

	if (notice != NULL) {
		notice->is_reported = true;
		(void)time_text(notice->since, since);
		/* A clock that was set back must not silence it. */
		if (now >= notice->logged && now - notice->logged < REMIND_SECONDS)
			level = LOG_DEBUG;
		else
			notice->logged = now;
	}
	if (kind != NULL)
		log_write(
		    log, level, text, "target", target, "kind", kind, again ? "since" : NULL, since, NULL);
	else
		log_write(log, level, text, "target", target, again ? "since" : NULL, since, NULL);
}

/* An ended failure's target is up again, unless it still fails for another reason or is not configured now.
 */
static void
log_end(const struct notices *n, const struct log *log, const struct metrics *run, const struct notice *ended,
    const char *message)
{
	char text[96], length[32];

	if (find_failure(n, ended->target, true) != NULL ||
	    (ended->has_series && !state_has_first_label(run, NULL, ended->target)))
		return;
	(void)snprintf(
	    text, sizeof(text), "%s after %s", message, period(clock_unix_seconds() - ended->since, length));
	log_write(log, LOG_INFO, text, "target", ended->target, NULL);
}

void
notices_end(struct notices *n, const struct log *log, const struct metrics *run, const char *message)
{
	double now = clock_unix_seconds();
	size_t kept = 0;

	for (size_t i = 0; i < n->count; i++) {
		struct notice *notice = &n->items[i];

		/* One that failed for two reasons has one line: that of the first. */
		if (notice->failure && find_failure(n, notice->target, false) == notice)
			log_end(n, log, run, notice, message);
		/* A target that is refused and times out by turns would be logged in each run.  Others must
		 * find room. */
		notice->is_kept = notice->failure && i < NOTICES_MOST / 2 &&
				  now - notice->logged < REMIND_SECONDS &&
				  find_failure(n, notice->target, true) != NULL;
	}
	for (size_t i = 0; i < n->count; i++) {
		struct notice notice = n->items[i];

		if (!notice.is_reported && !notice.is_kept)
			continue;
		notice.is_reported = false;
		notice.has_series = run != NULL && state_has_first_label(run, NULL, notice.target);
		n->items[kept++] = notice;
	}
	n->count = kept;
}

void
notices_write(const struct notices *n, struct buffer *text)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct notice *notice = &n->items[i];

		/* A line break would end the comment: such a target is logged in each run. */
		if (strchr(notice->target, '\n') == NULL)
			buffer_format(text, "%s%.3f %.3f %016" PRIx64 " %d %s\n", line_start + 1,
			    notice->since, notice->logged, notice->reason,
			    (notice->failure ? IS_FAILURE : 0) | (notice->has_series ? HAS_SERIES : 0),
			    notice->target);
	}
}

void
notices_read(struct notices *n, struct slice text, bool log_again)
{
	const char *end = text.at + text.length, *at = text.at;

	while ((at = memmem(at, (size_t)(end - at), line_start, strlen(line_start))) != NULL) {
		struct notice notice = { 0 };
		char line[256], *rest;
		unsigned long flags;

		at += strlen(line_start);
		/* The text ends in a line break, by its checksum. */
		(void)snprintf(line, sizeof(line), "%.*s", (int)((const char *)rawmemchr(at, '\n') - at), at);
		notice.since = strtod(line, &rest);
		notice.logged = strtod(rest, &rest);
		notice.reason = strtoull(rest, &rest, 16);
		flags = strtoul(rest, &rest, 10);
		if (log_again)
			notice.logged = 1;
		notice.failure = (flags & IS_FAILURE) != 0;
		notice.has_series = (flags & HAS_SERIES) != 0;
		(void)snprintf(notice.target, sizeof(notice.target), "%s", rest + (*rest == ' '));
		if (notice.since >= 0 && notice.since < latest && notice.logged >= 0 &&
		    notice.logged < latest)
			(void)add(n, &notice);
	}
}

void
notices_release(struct notices *n)
{
	free(n->items);
	*n = (struct notices){ 0 };
}
