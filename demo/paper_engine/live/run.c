#include "demo/paper_engine/settings.h"

int
run_live(const struct run_settings *settings, struct failure *why)
{
	(void)settings;
	return failure_set(why, FAILURE_LOCAL, "there is no run yet");
}
