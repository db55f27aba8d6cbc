#ifndef COLLECTORS_QUEUE_DEPTH_READING_H
#define COLLECTORS_QUEUE_DEPTH_READING_H

#include "common/text/slice.h"
#include "contract/queue_depth.h"
#include "probes/redis/session.h"

/*
 * Reads the queues of one Redis in one run.
 *
 * All work that Redis does for it is short, whatever is in the queues: counts, one entry of a list, a page of
 * a set.  The keys of other programs are hostile: one may have the wrong type, vanish meanwhile, or hold a
 * job that is not JSON.  Then only the figure that depends on it is missing.
 */

/* The numbers of a queue: the states in their order, and then these. */
enum { FIGURE_LENGTH = QUEUE_STATES, FIGURE_CONSUMERS, FIGURES };

enum { QUEUE_NAME = FAMILY_LABEL_VALUE + 1, QUEUE_BATCH = 64, QUEUE_PAGE = 200 };

struct queue {
	enum queue_type type;
	char name[QUEUE_NAME];
	int64_t figures[FIGURES]; /* below 0: not known */
	double since;             /* Unix time: the oldest task waits since then; 0: not known */
	char task[QUEUE_NAME];    /* the task that is asked about, or empty */
};

struct queue_group {
	struct queue *queue;
	char name[QUEUE_NAME];
	char last_id[48];     /* of the entry that was read last */
	int64_t lag, pending; /* below 0: not known */
	int64_t consumers, idle;
};

/* One "--queue TYPE:NAME". */
struct queue_setting {
	enum queue_type type;
	const char *name;
	bool pattern;
};

/* The row of what a format keeps for all its queues together. */
#define QUEUE_ALL "*"

struct queue_reading {
	const struct queue_setting *settings;
	size_t setting_count;
	size_t max;      /* queues, and groups, that are kept: the longest */
	int64_t idle_ms; /* a consumer that has not asked for so long is idle */

	struct queue *queues; /* room for `max` */
	size_t count;
	struct queue_group *groups; /* likewise */
	size_t group_count;
	struct queue all[QUEUE_TYPES]; /* the rows QUEUE_ALL */
	uint64_t dropped;

	struct failure failure; /* why it ended early */
	struct failure fault;   /* the first answer that was an error; the rest was read all the same */
	size_t faults;

	struct redis_session session; /* while it is open */
};

/* False: out of memory.  The settings are borrowed. */
bool queue_reading_init(
    struct queue_reading *r, const struct queue_setting *settings, size_t count, size_t max, int64_t idle_ms);
void queue_reading_release(struct queue_reading *r);

/* Everything, anew.  What could not be read is in `failure` and `fault`. */
void queue_reading_run(struct queue_reading *r, const struct redis_target *target, struct deadline deadline);

/* For the formats.  What returns -1 has set `failure`: then nothing more can be asked. ---------------- */

/* Count the tasks of these queues, which were found, and keep the longest. */
int queue_reading_add(
    struct queue_reading *r, enum queue_type type, const struct slice names[], size_t count);

/*
 * Go through a set (NULL: the keys of `type`) page by page.  `take` gets the strings of each page, of which
 * Redis may give one twice.
 */
struct queue_scan {
	const char *set, *match, *type;
	int (*take)(struct queue_reading *r, const redisReply *page, const void *context);
	const void *context;
};
int queue_reading_scan(struct queue_reading *r, const struct queue_scan *scan);

/* Send what was appended; `command` is for the texts. */
int queue_reading_send(struct queue_reading *r, const char *command);

/*
 * The next answer, for the caller to free.  An error comes as NULL, and is noted as a fault of that queue or
 * key, unless it says that something has vanished.
 */
int queue_reading_next(struct queue_reading *r, const char *what, redisReply **reply);

/* One question about each queue of a type that is kept. */
struct queue_question {
	const char *command;
	/* Append one command.  1, or 0: there is nothing to ask. */
	int (*ask)(struct queue_reading *r, struct queue *queue);
	void (*take)(struct queue *queue, const redisReply *reply);
};
int queue_reading_ask(struct queue_reading *r, enum queue_type type, const struct queue_question *question);

/* Without a name; no figure is known. */
void queue_init(struct queue *queue, enum queue_type type);

/* A task came in at that Unix time, in seconds or milliseconds; what is neither is passed over. */
void queue_set_since(struct queue *queue, double at);

/* Remember the task that an answer names, or none. */
void queue_set_task(struct queue *queue, const redisReply *reply);

/* The text of a string; of everything else an empty one. */
struct slice reply_slice(const redisReply *reply);

/* The number in a string or an integer, or 0. */
double reply_number(const redisReply *reply);

/* Element of an array, or NULL. */
const redisReply *reply_item(const redisReply *reply, size_t index);

/* Whether it can be a label as it is.  Then it is copied. */
bool queue_copy_name(char to[QUEUE_NAME], struct slice name);

#endif /* COLLECTORS_QUEUE_DEPTH_READING_H */
