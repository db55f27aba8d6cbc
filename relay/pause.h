#ifndef RELAY_PAUSE_H
#define RELAY_PAUSE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* How a thread waits that is to end when somebody says so. */
struct pause {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool over;
};

void pause_init(struct pause *pause);
void pause_release(struct pause *pause);

/* Wait so long.  False: it is over. */
bool pause_for(struct pause *pause, int64_t ns);

/* It is over, for good. */
void pause_end(struct pause *pause);

#endif /* RELAY_PAUSE_H */
