#include "demo/paper_engine/core/engine.h"

void
engine_save(const struct engine *engine, struct buffer *text)
{
	(void)engine;
	(void)text;
}

int
engine_restore(struct engine *engine, const char *text, struct failure *why)
{
	(void)engine;
	(void)text;
	return failure_set(why, FAILURE_LOCAL, "snapshots are not written yet");
}
