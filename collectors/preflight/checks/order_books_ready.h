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
struct order_books_ready {
	pthread_mutex_t mutex;
	pthread_cond_t came;
	bool there;
};

void order_books_ready_init(struct order_books_ready *ready);
void order_books_ready_release(struct order_books_ready *ready);
void order_books_ready_set(struct order_books_ready *ready);

/* Until they are announced.  False: the deadline came first. */
bool order_books_ready_wait(struct order_books_ready *ready, struct deadline deadline);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_ORDER_BOOKS_READY_H */
