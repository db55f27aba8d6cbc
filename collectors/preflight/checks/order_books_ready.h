#ifndef COLLECTORS_PREFLIGHT_CHECKS_ORDER_BOOKS_READY_H
#define COLLECTORS_PREFLIGHT_CHECKS_ORDER_BOOKS_READY_H

#include <pthread.h>
#include <stdbool.h>

#include "common/deadline.h"

/*
 * That the order books of this run were read: each costs of the rate limit that
 * the bot lives on, so exchange_health's check reads them, and open_positions'
 * waits for them to know what assets are worth.
 */
struct books {
	pthread_mutex_t mutex;
	pthread_cond_t came;
	bool there;
};

void books_init(struct books *books);
void books_release(struct books *books);
void books_announce(struct books *books);

/* Until they are announced.  False: the deadline came first. */
bool books_await(struct books *books, struct deadline deadline);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_ORDER_BOOKS_READY_H */
