#ifndef COMMON_SYSTEM_BACKGROUND_H
#define COMMON_SYSTEM_BACKGROUND_H

#include <pthread.h>
#include <stdbool.h>

#include "common/deadline.h"
#include "common/failure.h"

/*
 * Work in a thread that may be given up.
 *
 * A thread that asks a file system which does not answer (NFS, FUSE) waits there
 * and cannot be ended.  So the caller waits for the work's result until a
 * deadline, and then goes on without it.  What the work uses, and this struct,
 * must then stay as they are: they may be changed or released only while
 * background_is_running() is false.
 */
struct background {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	bool running;
	bool joinable; /* `thread` is there, and was not joined */
	pthread_t thread;
	void (*work)(void *context);
	void *context;
};

void background_init(struct background *background);
void background_release(struct background *background);

/* Start `work(context)`; none may be running.  -1 with `why` (local): no thread could be started. */
int background_start(
    struct background *background, void (*work)(void *context), void *context, struct failure *why);

/* True: the work is done, its thread is gone, and what it wrote can be read.  False: the deadline passed
 * first. */
bool background_wait(struct background *background, struct deadline deadline);

bool background_is_running(struct background *background);

/* Nobody will wait for it any more; what it uses then stays for ever. */
void background_leave(struct background *background);

#endif /* COMMON_SYSTEM_BACKGROUND_H */
