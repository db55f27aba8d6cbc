#include "collectors/preflight/recollection.h"
#include "collectors/exchange_health/memory.h"
#include "collectors/open_positions/memory.h"
#include "collectors/preflight/families.h"
#include "textfile/publish.h"
#include "textfile/state.h"

enum { LARGEST_FILE = 64 * 1024 * 1024 };

static const double longest_hold = 7 * 86400.0 + 3600;

/* What another collector published last; empty if it never did.  NULL with `why`. */
static struct metrics *
read_file(
    const struct run *run, const char *name, const struct family *families, size_t count, struct failure *why)
{
	struct run_identity identity = run_identity(run);
	struct metrics *last = metrics_new(identity.env, &families, &count, 1, why);
	enum textfile_found found = TEXTFILE_MISSING;
	enum state_result result = STATE_UNUSABLE;
	struct failure ignored = { 0 };
	struct textfile file;
	struct buffer text;

	if (last == NULL)
		return NULL;
	buffer_init(&text, LARGEST_FILE);
	/* No directory, no file. */
	if (textfile_open_unlocked(&file, identity.directory, name, &ignored) == 0)
		found = textfile_read(&file, &text, why);
	textfile_close(&file);
	if (found == TEXTFILE_READ)
		result = state_read(last, buffer_slice(&text));
	buffer_release(&text);
	if (found != TEXTFILE_UNREADABLE && result != STATE_NO_MEMORY)
		return last;
	if (found != TEXTFILE_UNREADABLE)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	metrics_free(last);
	return NULL;
}

static double
hold_of(const struct metrics *last, const struct family *family, const char *exchange, double now)
{
	double value;

	if (!metrics_value(last, family, LABELS(exchange), &value))
		return 0;
	return value > now && value < now + longest_hold ? value : 0;
}

static void
hold(struct gate *gate, size_t exchange, double until)
{
	if (until > gate->retry_at[exchange])
		gate->retry_at[exchange] = until;
}

static void
recall_venues(struct gate *gate, const struct metrics *last, double now)
{
	for (size_t i = 0; i < gate->venues.count; i++) {
		struct venue *venue = &gate->venues.items[i];

		memory_read(last, venue->name, now, &venue->history);
		for (size_t j = 0; j < venue->book_count; j++)
			memory_read_book(last, venue->name, venue->symbols[j], &venue->books[j].history);
		hold(gate, i, venue->history.banned_until);
		hold(gate, i, venue->history.retry_at);
	}
}

void
recollect(struct gate *gate, struct run *run)
{
	const struct metrics *own = run_last(run);
	struct metrics *health, *positions = NULL;
	double now = clock_unix_seconds();

	gate->memory_failure = (struct failure){ 0 };
	if (!gate->has_exchanges)
		return;
	health =
	    read_file(run, gate->health_name, exchange_families, EXCHANGE_FAMILIES, &gate->memory_failure);
	if (health != NULL)
		positions =
		    read_file(run, gate->positions_name, open_families, OPEN_FAMILIES, &gate->memory_failure);
	if (own == NULL)
		(void)failure_set(&gate->memory_failure, FAILURE_LOCAL, "the last file cannot be read");
	for (size_t i = 0; i < gate->accounts.count; i++) {
		const char *name = gate->accounts.items[i].name;

		gate->retry_at[i] = 0;
		if (own != NULL)
			hold(gate, i, hold_of(own, &preflight_families[PREFLIGHT_RETRY_AT], name, now));
		if (positions != NULL)
			hold(gate, i, hold_of(positions, &open_families[OPEN_RETRY_AT], name, now));
	}
	if (health != NULL)
		recall_venues(gate, health, now);
	metrics_free(health);
	metrics_free(positions);
}

void
recollection_write(struct gate *gate, struct run *run)
{
	double now = clock_unix_seconds();

	for (size_t i = 0; gate->has_exchanges && i < gate->accounts.count; i++) {
		hold(gate, i, gate->venues.items[i].history.banned_until);
		hold(gate, i, gate->venues.items[i].history.retry_at);
		if (gate->accounts_read)
			hold(gate, i, memory_retry_at(&gate->accounts.items[i], now));
		if (gate->retry_at[i] > now)
			metrics_set(run_metrics(run), &preflight_families[PREFLIGHT_RETRY_AT],
			    LABELS(gate->accounts.items[i].name), gate->retry_at[i]);
	}
}
