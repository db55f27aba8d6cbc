#include "collectors/preflight/previous_run.h"
#include "contract/preflight.h"
#include "exchange/ban_list.h"
#include "exchange/health/history.h"
#include "textfile/publish.h"
#include "textfile/state.h"

enum { LARGEST_FILE = 256 * 1024 * 1024, READ_AT_ONCE = 64 * 1024 };

/* Clocks are moved a little all the time. */
static const double longest_hold = BAN_MOST + 3600;
/* Even a run that used up its time may wait this long for another program that writes down a ban. */
static const int64_t least_lock_wait_ns = 100 * 1000 * 1000;

/* What exchange_health knows ------------------------------------------ */

static int
read_content(
    const struct textfile *file, struct textfile_content *content, struct metrics *last, struct failure *why)
{
	struct state_reader reader;
	char room[READ_AT_ONCE];
	long got;

	state_reader_init(&reader, last, content->size);
	while ((got = textfile_next(file, content, room, sizeof(room), why)) > 0)
		state_reader_add(&reader, (struct slice){ room, (size_t)got });
	textfile_close_content(content);
	switch (state_reader_end(&reader)) {
	case STATE_NO_MEMORY: return failure_set(why, FAILURE_LOCAL, "out of memory");
	case STATE_UNUSABLE:
		return got < 0 ? -1
			       : failure_set(
				     why, FAILURE_LOCAL, "'%s/%s.prom' is damaged", file->path, file->name);
	case STATE_PARTLY:
	case STATE_CONTINUED: break;
	}
	return got < 0 ? -1 : 0;
}

/* Nothing, where it never published; -1 with `why` where that is there and of no use. */
static int
read_file(const struct run *run, const char *name, struct metrics *last, struct failure *why)
{
	struct textfile_content content;
	struct failure ignored = { 0 };
	struct textfile file;
	int result = 0;

	/* No directory, no file. */
	if (textfile_open_unlocked(&file, run_directory(run), name, &ignored) == 0)
		switch (textfile_open_content(&file, LARGEST_FILE, &content, why)) {
		case TEXTFILE_READ: result = read_content(&file, &content, last, why); break;
		case TEXTFILE_UNREADABLE: result = -1; break;
		case TEXTFILE_UNUSABLE:
			result = failure_set(why, FAILURE_LOCAL,
			    "'%s/%s.prom' is no regular file, or too large: remove it", file.path, file.name);
			break;
		case TEXTFILE_MISSING: break;
		}
	textfile_close(&file);
	return result;
}

static void
read_venue(struct health_venue *venue, const struct metrics *last, double now)
{
	history_read(last, venue->name, now, &venue->history);
	/* The shared list says that; here it is what this run meets. */
	venue->history.banned_until = venue->history.retry_at = 0;
	for (size_t i = 0; i < venue->book_count; i++)
		history_read_book(last, venue->name, venue->symbols[i], &venue->books[i].history);
}

static void
read_venues(struct preflight *preflight, const struct run *run, double now)
{
	const struct family *const tables[] = { exchange_families };
	const size_t count = EXCHANGE_FAMILIES;
	struct metrics *last =
	    metrics_new(run_identity(run).env, tables, &count, 1, &preflight->history_failure);

	if (last == NULL)
		return;
	/* What there is of it is used. */
	(void)read_file(run, preflight->health_name, last, &preflight->history_failure);
	for (size_t i = 0; i < preflight->venues.count; i++)
		read_venue(&preflight->venues.items[i], last, now);
	metrics_free(last);
}

/* Who is not to be asked ---------------------------------------------- */

static void
hold(struct preflight *preflight, size_t exchange, double until)
{
	if (until > preflight->retry_at[exchange])
		preflight->retry_at[exchange] = until;
}

static double
hold_of(const struct metrics *last, const char *exchange, double now)
{
	double value;

	if (!metrics_value(last, &preflight_families[PREFLIGHT_RETRY_AT], LABELS(exchange), &value))
		return 0;
	return value > now && value < now + longest_hold ? value : 0;
}

/* The list is what all programs share; what this one could not write into it, its own file says. */
static void
hold_back(struct preflight *preflight, const struct ban_list *list, const struct metrics *own, double now)
{
	for (size_t i = 0; i < preflight->venues.count; i++) {
		struct health_venue *venue = &preflight->venues.items[i];
		struct ban ban = ban_list_find(list, venue_url(venue));

		preflight->retry_at[i] = hold_of(own, venue->name, now);
		hold(preflight, i, ban.banned_until);
		hold(preflight, i, ban.retry_at);
	}
}

void
previous_run_read(struct preflight *preflight, struct run *run)
{
	const struct metrics *own = run_last(run);
	double now = clock_unix_seconds();
	struct ban_list list;

	preflight->memory_failure = preflight->list_damage = preflight->history_failure =
	    (struct failure){ 0 };
	if (!preflight->has_exchanges)
		return;
	read_venues(preflight, run, now);
	if (ban_list_read(&list, run_directory(run), now, &preflight->memory_failure) == 0 && own == NULL)
		(void)failure_set(&preflight->memory_failure, FAILURE_LOCAL, "the last file cannot be read");
	if (preflight->memory_failure.kind == FAILURE_NONE)
		hold_back(preflight, &list, own, now);
	preflight->list_damage = list.damage;
	if (list.damage.kind != FAILURE_NONE && !preflight_includes(preflight, CHECK_EXCHANGE_HEALTH))
		run_failed(run, "exchanges", &list.damage);
	ban_list_release(&list);
}

/* Who refused --------------------------------------------------------- */

static double
later(double a, double b)
{
	return a > b ? a : b;
}

static void
write_refusal(struct preflight *preflight, size_t exchange, struct run *run, double now)
{
	const struct health_venue *venue = &preflight->venues.items[exchange];
	struct deadline least = deadline_in(least_lock_wait_ns), deadline = run_deadline(run);
	struct ban ban = preflight->found.public_bans[exchange],
		   other = preflight->found.private_bans[exchange];
	struct failure why = { 0 };

	ban.banned_until = later(ban.banned_until, other.banned_until);
	ban.retry_at = later(ban.retry_at, other.retry_at);
	if (ban.banned_until == 0 && ban.retry_at == 0)
		return;
	hold(preflight, exchange, later(ban.banned_until, ban.retry_at));
	if (deadline.at_ns < least.at_ns)
		deadline = least;
	if (ban_list_raise(run_directory(run), venue_url(venue), ban, now, deadline, &why) == 0)
		return;
	(void)failure_prefix(&why, "its ban cannot be kept for other programs");
	run_failed(run, venue->name, &why);
}

void
previous_run_write(struct preflight *preflight, struct run *run)
{
	double now = clock_unix_seconds();

	if (!preflight->has_exchanges || preflight->memory_failure.kind != FAILURE_NONE)
		return;
	for (size_t i = 0; i < preflight->venues.count; i++) {
		write_refusal(preflight, i, run, now);
		if (preflight->retry_at[i] > now)
			metrics_set(run_metrics(run), &preflight_families[PREFLIGHT_RETRY_AT],
			    LABELS(preflight->venues.items[i].name), preflight->retry_at[i]);
	}
}
