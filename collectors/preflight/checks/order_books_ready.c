#include <time.h>

#include "collectors/preflight/checks/order_books_ready.h"

void
order_books_ready_init(struct order_books_ready *ready)
{
	*ready = (struct order_books_ready){ .there = false };
	(void)pthread_mutex_init(&ready->mutex, NULL);
	(void)pthread_cond_init(&ready->came, NULL);
}

void
order_books_ready_release(struct order_books_ready *ready)
{
	(void)pthread_cond_destroy(&ready->came);
	(void)pthread_mutex_destroy(&ready->mutex);
}

void
order_books_ready_set(struct order_books_ready *ready)
{
	(void)pthread_mutex_lock(&ready->mutex);
	ready->there = true;
	(void)pthread_cond_broadcast(&ready->came);
	(void)pthread_mutex_unlock(&ready->mutex);
}

bool
order_books_ready_wait(struct order_books_ready *ready, struct deadline deadline)
{
	struct timespec until = { .tv_sec = deadline.at_ns / 1000000000,
		.tv_nsec = deadline.at_ns % 1000000000 };
	int waited = 0;
	bool there;

	(void)pthread_mutex_lock(&ready->mutex);
	while (!ready->there && waited == 0)
		waited = pthread_cond_clockwait(&ready->came, &ready->mutex, CLOCK_MONOTONIC, &until);
	there = ready->there;
	(void)pthread_mutex_unlock(&ready->mutex);
	return there;
}
