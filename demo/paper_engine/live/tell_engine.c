#include <stdlib.h>

#include "demo/paper_engine/live/tell_engine.h"

const char *const tell_levels[TELL_LEVELS] = { "debug", "info", "warning", "error", "critical" };

struct teller_of_engine {
	struct teller teller;
};

struct teller_of_engine *
tell_engine_new(const struct teller *settings)
{
	struct teller_of_engine *tells = calloc(1, sizeof(*tells));

	if (tells != NULL)
		tells->teller = *settings;
	return tells;
}

void
tell_engine_free(struct teller_of_engine *tells)
{
	free(tells);
}

int
tell_engine_begin(struct teller_of_engine *tells, char error[256])
{
	(void)tells, (void)error;
	return 0;
}

int
tell_engine_loop(struct teller_of_engine *tells, const struct engine *engine, struct live_counts *counts,
    const struct journal_state *journal, int64_t now_ms, char error[256])
{
	(void)tells, (void)engine, (void)counts, (void)journal, (void)now_ms, (void)error;
	return 0;
}

void
tell_engine_end(struct teller_of_engine *tells, const struct engine *engine, struct live_counts *counts,
    const struct journal_state *journal, int64_t now_ms)
{
	(void)tells, (void)engine, (void)counts, (void)journal, (void)now_ms;
}
