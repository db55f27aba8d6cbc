/*
 * One connection and one lock.  What a second reader would gain, it would lose
 * again in waiting for the disk behind the writer, and memory is what the relay
 * has the least of.  SQLite's exclusive locking keeps the index of the log in
 * our memory: no other process can make a commit wait.
 *
 * The directory itself is locked, too: the file may be moved aside, and the
 * next process must not take the new one in that moment.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "relay/store/sql.h"

/* synchronous = FULL: in WAL mode NORMAL would not sync at a commit, and a 200 would promise what a
 * power cut takes back. mmap_size = 0: with a mapping, a disk error is a SIGBUS that ends the
 * program; without it, it is an error code. cache_size and journal_size_limit bound memory and disk. */
static const char pragmas[] = "PRAGMA locking_mode = EXCLUSIVE;"
			      "PRAGMA journal_mode = WAL;"
			      "PRAGMA synchronous = FULL;"
			      "PRAGMA cache_size = -2048;" /* KiB */
			      "PRAGMA mmap_size = 0;"
			      "PRAGMA journal_size_limit = 4194304;"
			      "PRAGMA trusted_schema = OFF;"
			      "PRAGMA cell_size_check = ON;";

/* The log is put into the database by a transaction for which nobody waits, unless it becomes too long. */
enum { LOG_PAGES = 250, LOG_PAGES_MOST = 10000 };

int64_t
store_now_ms(void)
{
	struct timespec now;

	/* Stored times must mean the same after a restart or on another machine, so this is
	 * the wall clock; what a clock that is set back breaks is mended by upkeep_clock(). */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
is_damage(int error)
{
	return (error & 0xff) == SQLITE_CORRUPT || (error & 0xff) == SQLITE_NOTADB;
}

static void
close_database(struct store *store)
{
	while (store->count > 0)
		(void)sqlite3_finalize(store->statements[--store->count].statement);
	(void)sqlite3_close(store->db);
	store->db = NULL;
}

static int
note_log(void *context, sqlite3 *db, const char *name, int pages)
{
	struct store *store = context;

	(void)db;
	(void)name;
	store->log_pages = pages;
	return SQLITE_OK;
}

/* SQLite would make it readable for others; the files beside it get its mode. */
static int
make_private(const char *path, struct failure *why)
{
	/* O_NOFOLLOW: a link planted in the directory must not make us write somewhere else. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || fchmod(fd, 0600) != 0) {
		(void)failure_set(why, FAILURE_LOCAL, "%s: %s: this user must be able to write there", path,
		    strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	(void)close(fd);
	return 0;
}

/* 0; 1: it is damaged; or -1 with `why`. */
static int
open_database(struct store *store, struct failure *why)
{
	sqlite3_stmt *rows;
	char result[64] = "";
	int error;

	if (make_private(store->path, why) != 0)
		return -1;
	store->error = SQLITE_OK;
	/* NOMUTEX: our own lock is held around every use,
	 * a second one inside SQLite would only cost time. */
	error = sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (error == SQLITE_OK)
		error = sqlite3_exec(store->db, pragmas, NULL, NULL, NULL);
	if (error != SQLITE_OK)
		sql_fail(store, error);
	/* One pass over the file at each start: the database has open incidents and
	 * waiting tasks only, so it is small, unless PostgreSQL was away for long. */
	rows = sql_query(store, "PRAGMA quick_check(1)", "");
	if (sql_row(store, rows)) {
		sql_text(rows, 0, result, sizeof(result));
		sql_end(rows);
		if (strcmp(result, "ok") != 0) {
			(void)failure_set(why, FAILURE_LOCAL, "%s: %s", store->path, result);
			return 1;
		}
	}
	if (store->error == SQLITE_OK && schema_open(store, why) == 0) {
		/* In the place of SQLite's own, which makes one commit in a hundred wait. */
		(void)sqlite3_wal_hook(store->db, note_log, store);
		return 0;
	}
	if (store->error != SQLITE_OK)
		*why = store->why;
	return is_damage(store->error) ? 1 : -1;
}

/* Put what is damaged aside, its log with it.  0, or -1 with `why`. */
static int
move_aside(struct store *store, struct failure *why)
{
	char from[4200], to[4200];
	int64_t now = store_now_ms();

	for (int i = 0; i < 2; i++) {
		const char *log = i == 0 ? "-wal" : "";

		/* The log goes first: beside a new database, an old log would be read into it. */
		(void)snprintf(from, sizeof(from), "%s%s", store->path, log);
		(void)snprintf(to, sizeof(to), "%s.damaged-%lld%s", store->path, (long long)now, log);
		if (rename(from, to) != 0 && errno != ENOENT)
			return failure_set(why, FAILURE_LOCAL, "%s is damaged, and cannot be moved aside: %s",
			    store->path, strerror(errno));
	}
	(void)failure_set(&store->notice, FAILURE_LOCAL,
	    "%s was damaged (%s): it is now %s, and a new one was begun: what was open or waited in it is lost",
	    store->path, why->text, to);
	return 0;
}

/* Open it, or begin a new one in the place of one that is damaged.  0, or -1 with `why`. */
static int
open_or_replace(struct store *store, struct failure *why)
{
	int result = open_database(store, why);

	if (result > 0) {
		close_database(store);
		result = move_aside(store, why);
		if (result == 0)
			result = open_database(store, why);
	}
	if (result == 0)
		return 0;
	close_database(store);
	return -1;
}

static int
lock_directory(struct store *store, const char *directory, struct failure *why)
{
	/* The owner of the parent decided where it belongs: more than one level is a mistake in the path. */
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return failure_set(why, FAILURE_LOCAL,
		    "cannot make the directory %s: %s: make it, or choose another one with --relay.directory",
		    directory, strerror(errno));
	store->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory < 0)
		return failure_set(why, FAILURE_LOCAL,
		    "%s: %s: it must be a directory of this user, or choose another one with --relay.directory",
		    directory, strerror(errno));
	/* flock() and not a file with a process number: the
	 * kernel gives it back however the process ends. */
	if (flock(store->directory, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK
			   ? failure_set(why, FAILURE_LOCAL,
				 "another process uses %s: end it, or give this one a directory of its own",
				 directory)
			   : failure_set(
				 why, FAILURE_LOCAL, "cannot lock %s: %s", directory, strerror(errno));
	return 0;
}

struct store *
store_open(const char *directory, bool journal, struct failure *why)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL || strlen(directory) > 4000 ||
	    asprintf(&store->path, "%s/relay.db", directory) < 0) {
		(void)failure_set(why, FAILURE_LOCAL, "cannot open %s: no memory for its name", directory);
		free(store);
		return NULL;
	}
	(void)pthread_mutex_init(&store->lock, NULL);
	store->directory = -1;
	store->journal = journal;
	store->clock_ms = INT64_MAX;
	if (lock_directory(store, directory, why) == 0 && open_or_replace(store, why) == 0)
		return store;
	store_close(store);
	return NULL;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	close_database(store);
	if (store->directory >= 0)
		(void)close(store->directory);
	(void)pthread_mutex_destroy(&store->lock);
	free(store->path);
	free(store);
}

void
store_begin(struct store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	store->error = SQLITE_OK;
	store->outbox = store->journaled = store->idle = false;
	/* After damage that could not be moved aside (the
	 * disk was full, say) each transaction tries again. */
	if (store->db == NULL && open_or_replace(store, &store->why) != 0)
		store->error = SQLITE_CANTOPEN;
	(void)sql_run(store, "BEGIN", "");
}

bool
store_failed(const struct store *store)
{
	return store->error != SQLITE_OK;
}

/* As it was at store_begin(); and where it showed that the database is damaged, with a new one. */
static void
roll_back(struct store *store)
{
	/* A copy: opening the new database overwrites store->why. */
	struct failure why = store->why;

	if (store->db != NULL)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	if (!is_damage(store->error))
		return;
	close_database(store);
	/* If that fails, the next store_begin() tries again. */
	if (move_aside(store, &why) == 0)
		(void)open_or_replace(store, &why);
}

int
store_end(struct store *store, struct failure *why)
{
	bool outbox = store->outbox, journaled = store->journaled, failed;

	(void)sql_run(store, "COMMIT", "");
	failed = store->error != SQLITE_OK;
	/* Before the lock goes: the next thread must find a store without a trace of this transaction. */
	if (failed) {
		*why = store->why;
		roll_back(store);
		store->failures++;
	} else if (store->log_pages > (store->idle ? LOG_PAGES : LOG_PAGES_MOST)) {
		/* It is as durable without. */
		(void)sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		store->log_pages = 0;
	}
	(void)pthread_mutex_unlock(&store->lock);
	if (failed)
		return -1;
	/* Without the lock: what this wakes takes its own locks, and their order must
	 * stay free. The values were copied before the next transaction could reset them. */
	if (store->changed != NULL && (outbox || journaled))
		store->changed(store->context, outbox, journaled);
	return 0;
}

void
store_cancel(struct store *store)
{
	roll_back(store);
	(void)pthread_mutex_unlock(&store->lock);
}

void
store_watch(struct store *store, void (*changed)(void *context, bool outbox, bool journal), void *context)
{
	store->changed = changed;
	store->context = context;
}

bool
store_notice(struct store *store, struct failure *what)
{
	bool any;

	(void)pthread_mutex_lock(&store->lock);
	any = store->notice.kind != FAILURE_NONE;
	if (any)
		*what = store->notice;
	store->notice.kind = FAILURE_NONE;
	(void)pthread_mutex_unlock(&store->lock);
	return any;
}

uint64_t
store_failures(struct store *store)
{
	return store->failures;
}

const char *
store_uuid(const struct store *store)
{
	return store->uuid;
}
