/*
 * The directory is looked at for every scrape, so a fault that lasts would be
 * logged with each of them.  What changes in the store is told by its
 * generation.  Faults between files only show while they are joined: those of
 * this join are compared, by hashes, with those of the join before.  The sets
 * are of fixed size; what exceeds them is not logged.  The hashes are keyed,
 * so that no file can be written whose fault hides that of another.
 */

#include <stdio.h>
#include <string.h>

#include "exporter/metrics/change_log.h"

void
notices_init(struct notices *n, exposition_notice *notice, void *context)
{
	*n = (struct notices){ .notice = notice, .context = context, .key = hash_key_new() };
}

static void
note_directory(struct notices *n, const struct failure *why)
{
	bool unlisted = why != NULL;

	if (unlisted != n->unlisted)
		n->notice(n->context, unlisted, unlisted ? "no files" : "the directory can be read again",
		    NULL, unlisted ? why->text : "");
	n->unlisted = unlisted;
}

static void
note_left_out(struct notices *n, const struct store *store)
{
	char reason[128];
	size_t left_out = store_left_out(store);

	/* Only a changed number is news. */
	if (left_out != n->left_out && left_out > 0) {
		(void)snprintf(reason, sizeof(reason), "more than %d files: %zu are not looked at",
		    EXPOSITION_FILES, left_out);
		n->notice(n->context, true, "files left out", NULL, reason);
	}
	n->left_out = left_out;
}

void
notices_of_store(struct notices *n, const struct store *store, const struct failure *why)
{
	note_directory(n, why);
	note_left_out(n, store);
	if (n->generation == store_generation(store))
		return;
	for (size_t i = 0; i < store_count(store); i++) {
		const struct store_file *file = store_file(store, i);

		if (file->changed > n->generation && file->state != STORE_GOOD)
			n->notice(n->context, true, "file left out", file->name, file->reason);
	}
	n->generation = store_generation(store);
}

/* --- While files are joined --- */

void
notices_begin(struct notices *n)
{
	n->telling.count = 0;
}

void
notices_end(struct notices *n)
{
	/* Only after a join that succeeded: one that ran out of memory has not seen all faults. */
	n->told = n->telling;
}

static bool
was_told(const struct told *told, uint64_t hash)
{
	for (size_t i = 0; i < told->count; i++)
		if (told->hashes[i] == hash)
			return true;
	return false;
}

void
notices_add(struct notices *n, const char *message, const char *file, const char *reason)
{
	/* Multiplied, so that equal texts in different places do not cancel each other out. */
	uint64_t hash = hash_text(n->key, message, strlen(message)) ^
			hash_text(n->key, file, strlen(file)) * 3 ^
			hash_text(n->key, reason, strlen(reason)) * 5;

	if (n->telling.count == TOLD || was_told(&n->telling, hash))
		return;
	n->telling.hashes[n->telling.count++] = hash;
	if (!was_told(&n->told, hash))
		n->notice(n->context, true, message, file, reason);
}
