#ifndef PAPER_ENGINE_TELL_SYMBOL_H
#define PAPER_ENGINE_TELL_SYMBOL_H

#include "common/failure.h"
#include "demo/paper_engine/core/engine.h"
#include "examples/tell.h"

/* The keys of a symbol and its two routes, for tell_engine.c alone; and what others have in common with them.
 */
struct told_symbol {
	char name[SYMBOL_NAME]; /* "": there is nothing in Redis */
	int64_t triggers, route_triggers[VENUES];
};

/* The symbol of a place; the keys of one that has left are deleted. */
void tell_symbol(
    struct teller *t, const struct engine *engine, size_t index, struct told_symbol *told, int64_t now_ms);

void tell_guard(struct teller *t, const char *key, const struct guard *guard, int64_t *told, double now);
void tell_limit(struct teller *t, const char *key, fixed value, fixed limit, double now);

/* What is more than Redis has; also 0, so that the counter is there before its first event. */
void tell_total(struct teller *t, const char *key, const char *field, int64_t total, int64_t *told);

#endif /* PAPER_ENGINE_TELL_SYMBOL_H */
