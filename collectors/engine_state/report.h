#ifndef COLLECTORS_ENGINE_STATE_REPORT_H
#define COLLECTORS_ENGINE_STATE_REPORT_H

#include "collectors/harness/collector.h"
#include "engine/state.h"

/* Publish the state as metrics of the bot `engine`, and log one line for each problem. */
void report_engine_state(struct run *run, const char *engine, const struct engine_state *state);

#endif /* COLLECTORS_ENGINE_STATE_REPORT_H */
