#ifndef ENGINE_POSTGRES_VIEW_NAME_H
#define ENGINE_POSTGRES_VIEW_NAME_H

#include "common/failure.h"

/*
 * The name of a view, for the reader of the engine's view alone.  Pure.
 *
 * As SQL has it: without quotes letters become small; in double quotes
 * everything is as it is, and "" stands for one of them.  Quoted parts may hold
 * neither ' nor \, so that the name can stand in a string too.
 */
enum {
	ENGINE_NAME = 64,                     /* Postgres cuts longer ones */
	ENGINE_QUOTED = 2 * ENGINE_NAME + 2,  /* with quotes around it, and each quote twice */
	ENGINE_VIEW_TEXT = 2 * ENGINE_QUOTED, /* "schema"."view" */
};

struct postgres_view_name {
	char schema[ENGINE_QUOTED];      /* "arbwatch", quotes included */
	char relation[ENGINE_VIEW_TEXT]; /* "arbwatch"."open_positions" */
};

int postgres_view_name_parse(struct postgres_view_name *view, const char *text, struct failure *why);

#endif /* ENGINE_POSTGRES_VIEW_NAME_H */
