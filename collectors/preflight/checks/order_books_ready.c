#include <time.h>

#include "collectors/preflight/checks/order_books_ready.h"

void
books_init(struct books *books)
{
	*books = (struct books){ .there = false };
	(void)pthread_mutex_init(&books->mutex, NULL);
	(void)pthread_cond_init(&books->came, NULL);
}

void
books_release(struct books *books)
{
	(void)pthread_cond_destroy(&books->came);
	(void)pthread_mutex_destroy(&books->mutex);
}

void
books_announce(struct books *books)
{
	(void)pthread_mutex_lock(&books->mutex);
	books->there = true;
	(void)pthread_cond_broadcast(&books->came);
	(void)pthread_mutex_unlock(&books->mutex);
}

bool
books_await(struct books *books, struct deadline deadline)
{
	struct timespec until = { .tv_sec = deadline.at_ns / 1000000000,
		.tv_nsec = deadline.at_ns % 1000000000 };
	int waited = 0;
	bool there;

	(void)pthread_mutex_lock(&books->mutex);
	while (!books->there && waited == 0)
		waited = pthread_cond_clockwait(&books->came, &books->mutex, CLOCK_MONOTONIC, &until);
	there = books->there;
	(void)pthread_mutex_unlock(&books->mutex);
	return there;
}
