/*
 * The directory is looked at for every answer that depends on it, so this must
 * be cheap: list the names, stat() each, and read only what has changed.
 * `generation` tells those who made something of the files whether it is still
 * current.
 *
 * A refresh has three steps.  list() marks entries that are still there, and
 * adds new ones behind the sorted ones; sweep() sorts and drops; look_at_all()
 * reads.  Anyone who may write into the directory can fill it with names, so
 * each list has a limit, and the files that count are the first by name: which
 * ones these are must not change with the order in which the kernel lists
 * them.
 */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "common/text/array.h"
#include "exporter/directory/entry.h"

/* If there are more files than the limit, so many times the limit are listed, to take the first by name. */
enum { LISTED = 10 };

const char *
store_state_name(enum store_state state)
{
	static const char *const names[] = { "good", "broken", "unreadable", "too_large" };

	return names[state];
}

static int
compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->file.name, ((const struct entry *)b)->file.name);
}

/* Add a name behind the sorted entries.  The caller limits how many there can be. */
static int
add_entry(struct store *store, const char *name)
{
	struct entry *entries =
	    array_reserve(store->entries, &store->room, store->count + 1, sizeof(*entries));
	char *copy = strdup(name);

	if (entries != NULL)
		store->entries = entries;
	if (entries == NULL || copy == NULL) {
		free(copy);
		return -1;
	}
	store->entries[store->count++] =
	    (struct entry){ .file = { .name = copy, .state = STORE_UNREADABLE, .modified = -1 },
		    .seen = true,
		    .fresh = true };
	return 0;
}

/* Mark what is there and add what is new; only the first `known`
 * entries are sorted, and can be searched.  0, or -1 with errno. */
static int
list(struct store *store, DIR *directory)
{
	size_t known = store->count, most = store->limits.files * LISTED;
	const struct dirent *item;

	store->left_out = 0;
	for (size_t i = 0; i < known; i++)
		store->entries[i].seen = false;
	/* readdir() tells its end from an error by errno alone. */
	for (errno = 0; (item = readdir(directory)) != NULL; errno = 0) {
		struct entry *entry, wanted = { .file = { .name = (char *)item->d_name } };

		if (!slice_ends_with(SLICE(item->d_name), ".prom"))
			continue;
		entry = known > 0 ? bsearch(&wanted, store->entries, known, sizeof(wanted), compare_entries)
				  : NULL;
		if (entry != NULL)
			entry->seen = true;
		else if (store->count - known >= most)
			store->left_out++;
		else if (add_entry(store, item->d_name) != 0)
			return -1;
	}
	return errno == 0 ? 0 : -1;
}

/*
 * Drop what is gone, and what is too much, in the order of names.  Dropping an
 * entry that was listed in this very refresh (`fresh`) changes nothing for
 * readers: otherwise files past the limit would make a new generation each
 * time.
 */
static void
sweep(struct store *store)
{
	size_t kept = 0;

	if (store->count > 0)
		qsort(store->entries, store->count, sizeof(*store->entries), compare_entries);
	for (size_t i = 0; i < store->count; i++) {
		if (store->entries[i].seen && kept < store->limits.files) {
			store->entries[kept++] = store->entries[i];
			continue;
		}
		store->left_out += store->entries[i].seen;
		store->changed = store->changed || !store->entries[i].fresh;
		entry_release(store, &store->entries[i]);
	}
	store->count = kept;
}

static void
look_at_all(struct store *store, int directory)
{
	bool gone = false;

	for (size_t i = 0; i < store->count; i++) {
		store->entries[i].seen = entry_look_at(store, &store->entries[i], directory);
		gone = gone || !store->entries[i].seen;
	}
	/* A file may go between the listing and the look at it. */
	if (gone)
		sweep(store);
	for (size_t i = 0; i < store->count; i++)
		store->entries[i].fresh = false;
}

static void
forget_all(struct store *store)
{
	for (size_t i = 0; i < store->count; i++)
		entry_release(store, &store->entries[i]);
	store->changed = store->changed || store->count > 0 || store->listed;
	store->count = 0;
	store->listed = false;
}

int
store_refresh(struct store *store, struct failure *why)
{
	DIR *directory = opendir(store->directory);
	int result = 0;

	store->changed = false;
	if (directory == NULL || list(store, directory) != 0) {
		(void)failure_set(why, FAILURE_LOCAL, "cannot read the directory '%s': %s", store->directory,
		    strerror(errno));
		/* Old contents would look like current ones. */
		forget_all(store);
		result = -1;
	} else {
		sweep(store);
		look_at_all(store, dirfd(directory));
		store->changed = store->changed || !store->listed;
		store->listed = true;
	}
	if (directory != NULL)
		(void)closedir(directory);
	if (store->changed)
		store->generation++;
	return result;
}

struct store *
store_new(const char *directory, const struct store_limits *limits)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	store->limits = *limits;
	store->directory = strdup(directory);
	if (store->directory != NULL)
		return store;
	free(store);
	return NULL;
}

void
store_free(struct store *store)
{
	if (store == NULL)
		return;
	forget_all(store);
	free(store->entries);
	free(store->directory);
	free(store);
}

size_t
store_count(const struct store *store)
{
	return store->count;
}

const struct store_file *
store_file(const struct store *store, size_t index)
{
	return &store->entries[index].file;
}

size_t
store_left_out(const struct store *store)
{
	return store->left_out;
}

uint64_t
store_generation(const struct store *store)
{
	return store->generation;
}
