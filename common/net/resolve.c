/*
 * One detached thread asks per name, and the caller waits for it on a
 * condition variable that keeps the deadline.  Cancelling the thread would be
 * no way out: the resolver may hold memory and locks at that moment.
 *
 * Who frees a lookup?  The flag `left_behind` decides, under the mutex: the
 * caller as long as it waits, the thread once the caller has gone.  The mutex
 * guards all the state here and is never held during getaddrinfo().  The
 * number of threads has a limit that counts those left behind too, because a
 * name server that stays silent for minutes must not cost a thread per run.
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/net/resolve.h"

enum { LOOKUPS = 256 };

/* Enough for the NSS modules; with the default of 8 MiB each,
 * threads would soon reach a limit on the address space. */
enum { STACK_BYTES = 256 * 1024 };

/*
 * A lookup belongs to the caller that waits for it, or, once left behind, to
 * the thread that asks.
 */
struct lookup {
	struct lookup *next; /* of those left behind */
	pthread_cond_t answered;
	struct addrinfo hints;
	struct addrinfo *addresses;
	int error; /* of getaddrinfo() */
	int system_error;
	bool done;
	bool left_behind;
	char service[12];
	char host[];
};

/* Threads that were left behind outlive the call that started them, so this state belongs to
 * the process.  A call that asks for the same name again takes over the old lookup. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of all below, and of what lookups hold */
static pthread_cond_t slot_free = PTHREAD_COND_INITIALIZER;
static int slots_taken;
static struct lookup *left_behind;

static struct timespec
timespec_of(struct deadline deadline)
{
	return (
	    struct timespec){ .tv_sec = deadline.at_ns / 1000000000, .tv_nsec = deadline.at_ns % 1000000000 };
}

/* The pointer in the list of those left behind that leads to `l`, or the one at its end. */
static struct lookup **
link_to(const struct lookup *l)
{
	struct lookup **link = &left_behind;

	while (*link != NULL && *link != l)
		link = &(*link)->next;
	return link;
}

/* The lookup that an earlier call left behind, now the caller's, or NULL. */
static struct lookup *
claim_left_behind(const char *host, const char *service)
{
	struct lookup *l = left_behind;

	/* The hints need no comparison: they are the same for every name. */
	while (l != NULL && (strcmp(l->host, host) != 0 || strcmp(l->service, service) != 0))
		l = l->next;
	if (l != NULL) {
		*link_to(l) = l->next;
		l->left_behind = false;
	}
	return l;
}

/* Wait for a turn.  False: the deadline passed first. */
static bool
wait_for_slot(struct deadline deadline)
{
	struct timespec until = timespec_of(deadline);
	int waited = 0;

	while (slots_taken == LOOKUPS && waited == 0)
		waited = pthread_cond_clockwait(&slot_free, &mutex, CLOCK_MONOTONIC, &until);
	/* The deadline may pass at the moment when a slot becomes free: the slot decides. */
	if (slots_taken == LOOKUPS)
		return false;
	slots_taken++;
	return true;
}

static void
release_slot(void)
{
	slots_taken--;
	(void)pthread_cond_signal(&slot_free);
}

static struct lookup *
lookup_new(const char *host, const char *service, const struct addrinfo *hints)
{
	size_t length = strlen(host) + 1;
	struct lookup *l = calloc(1, sizeof(*l) + length);

	if (l == NULL)
		return NULL;
	(void)pthread_cond_init(&l->answered, NULL);
	/* Copies: the thread may read them when the caller's own are long gone. */
	l->hints = *hints;
	(void)snprintf(l->service, sizeof(l->service), "%s", service);
	memcpy(l->host, host, length);
	return l;
}

static void
lookup_free(struct lookup *l)
{
	if (l->addresses != NULL)
		freeaddrinfo(l->addresses);
	(void)pthread_cond_destroy(&l->answered);
	free(l);
}

static void *
look_up(void *argument)
{
	struct lookup *l = argument;
	struct addrinfo *addresses = NULL;
	int error = getaddrinfo(l->host, l->service, &l->hints, &addresses), system_error = errno;
	bool mine;

	(void)pthread_mutex_lock(&mutex);
	l->addresses = error == 0 ? addresses : NULL;
	l->error = error;
	l->system_error = system_error;
	l->done = true;
	mine = l->left_behind;
	if (mine)
		*link_to(l) = l->next;
	/* While the mutex is held: after that the caller may free the lookup at any moment. */
	(void)pthread_cond_signal(&l->answered);
	release_slot();
	(void)pthread_mutex_unlock(&mutex);
	if (mine)
		lookup_free(l);
	return NULL;
}

/* All signals are blocked in the new thread: handlers are for the threads that the program knows. */
static int
start_thread(struct lookup *l)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int error;

	(void)sigfillset(&all);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attributes, look_up, l);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return error;
}

static int
lookup_failure(const char *host, int error, int system_error, struct failure *why)
{
	if (error == EAI_MEMORY)
		return failure_set(why, FAILURE_LOCAL, "resolving '%.255s': out of memory", host);
	if (error == EAI_SYSTEM)
		return failure_set(
		    why, FAILURE_RESOLVE, "resolving '%.255s': %s", host, strerror(system_error));
	return failure_set(why, FAILURE_RESOLVE, "resolving '%.255s': %s", host, gai_strerror(error));
}

/* Wait for the answer, or leave the lookup to its thread: then the caller must not touch it again. */
static bool
await_answer(struct lookup *l, struct deadline deadline)
{
	struct timespec until = timespec_of(deadline);
	int waited = 0;

	while (!l->done && waited == 0)
		waited = pthread_cond_clockwait(&l->answered, &mutex, CLOCK_MONOTONIC, &until);
	if (l->done)
		return true;
	l->left_behind = true;
	l->next = left_behind;
	left_behind = l;
	return false;
}

/* A lookup that is under way; NULL with `why`. */
static struct lookup *
begin_lookup(const char *host, const char *service, const struct addrinfo *hints, struct deadline deadline,
    struct failure *why)
{
	struct lookup *l = claim_left_behind(host, service);
	int error;

	if (l != NULL)
		return l;
	if (!wait_for_slot(deadline)) {
		(void)failure_set(
		    why, FAILURE_TIMEOUT, "resolving '%.255s': no time left to ask the name server", host);
		return NULL;
	}
	l = lookup_new(host, service, hints);
	error = l != NULL ? start_thread(l) : ENOMEM;
	if (error == 0)
		return l;
	if (l != NULL)
		lookup_free(l);
	release_slot();
	(void)failure_set(
	    why, FAILURE_LOCAL, "resolving '%.255s': cannot start a thread: %s", host, strerror(error));
	return NULL;
}

static int
resolve_name(const char *host, const char *service, const struct addrinfo *hints, struct deadline deadline,
    struct addrinfo **addresses, struct failure *why)
{
	struct lookup *l;
	bool answered;
	int result = 0;

	/* A thread that has no time to answer is not worth starting, and would be left behind at once. */
	if (deadline_left_ns(deadline) == 0)
		return failure_set(
		    why, FAILURE_TIMEOUT, "resolving '%.255s': no time left to ask the name server", host);
	(void)pthread_mutex_lock(&mutex);
	l = begin_lookup(host, service, hints, deadline, why);
	answered = l != NULL && await_answer(l, deadline);
	(void)pthread_mutex_unlock(&mutex);
	if (l == NULL)
		return -1;
	if (!answered)
		return failure_set(
		    why, FAILURE_TIMEOUT, "resolving '%.255s': no answer from the name server in time", host);
	if (l->error != 0) {
		result = lookup_failure(host, l->error, l->system_error, why);
	} else {
		*addresses = l->addresses;
		l->addresses = NULL;
	}
	lookup_free(l);
	return result;
}

int
resolve(
    const char *host, int port, struct deadline deadline, struct addrinfo **addresses, struct failure *why)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char service[12];
	int error;

	(void)snprintf(service, sizeof(service), "%d", port);
	/* A numeric address needs no name server: this cannot block, and so it needs no thread. */
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	error = getaddrinfo(host, service, &hints, &found);
	if (error == 0) {
		*addresses = found;
		return 0;
	}
	if (error != EAI_NONAME)
		return lookup_failure(host, error, errno, why);
	hints.ai_flags = AI_NUMERICSERV;
	return resolve_name(host, service, &hints, deadline, addresses, why);
}
