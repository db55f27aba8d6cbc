#ifndef ENGINE_ROWS_H
#define ENGINE_ROWS_H

#include "common/text/slice.h"
#include "engine/engine.h"

/*
 * From texts to rows, for the readers of the engine's view alone.  Pure: no
 * I/O, no clock.
 */
enum engine_column {
	ENGINE_COLUMN_EXCHANGE,
	ENGINE_COLUMN_SYMBOL,
	ENGINE_COLUMN_SIDE,
	ENGINE_COLUMN_QUANTITY,
	ENGINE_COLUMN_MARKET,
	ENGINE_COLUMN_ENTRY_PRICE,
	ENGINE_COLUMN_UNREALIZED_PNL,
	ENGINE_COLUMN_UPDATED_AT, /* as Unix seconds */
};
enum { ENGINE_COLUMNS = ENGINE_COLUMN_UPDATED_AT + 1 };

enum {
	ENGINE_TEXT = 256,                   /* no value is as long as that */
	ENGINE_BYTES_MAX = 16 * 1024 * 1024, /* of a whole answer */
};

struct engine_column_rule {
	const char *name;
	const char *type;     /* as Postgres's format_type() spells it */
	const char *expected; /* ends the error text */
	bool required;
};
extern const struct engine_column_rule
    engine_columns[ENGINE_COLUMNS]; /* in the order of enum engine_column */

/* Nothing is known.  To be called before anything else. */
void engine_reading_init(struct engine_reading *reading);

void engine_row_init(struct engine_row *row);

/*
 * One value of a row; updated_at becomes the reading's, if it is the newest.
 * `text.at` NULL: the value is missing.  -1 with `why` (rejected): "side is 'buy', and
 * must be ...", with `noun` ("column ", "") before it.
 */
int engine_row_set(struct engine_reading *reading, struct engine_row *row, enum engine_column column,
    struct slice text, const char *noun, struct failure *why);

/* A hash's rows of quantity 0 are kept, too: closed in one spelling and open in another is a contradiction.
 */
int engine_rows_add(struct engine_reading *reading, const struct engine_row *row, struct failure *why);

/*
 * One field of the engine's hash, "EXCHANGE|SYMBOL|SIDE[|MARKET]" with a quantity,
 * or updated_at.  -1 with `why` (rejected), which names the field.
 */
int engine_hash_add(
    struct engine_reading *reading, struct slice field, struct slice value, struct failure *why);

/* When all are there: updated_at must be among them. */
int engine_hash_complete(const struct engine_reading *reading, struct failure *why);

/*
 * The name of a view as SQL has it: without quotes letters become small; in
 * double quotes everything is as it is, and "" stands for one of them.  Quoted
 * parts may hold neither ' nor \, so that the name can stand in a string too.
 */
enum {
	ENGINE_NAME = 64,                    /* Postgres cuts longer ones */
	ENGINE_QUOTED = 2 * ENGINE_NAME + 2, /* with quotes around it, and each quote twice */
};

struct engine_view_name {
	char schema[ENGINE_QUOTED];       /* "arbwatch", quotes included */
	char relation[2 * ENGINE_QUOTED]; /* "arbwatch"."open_positions" */
};

int engine_view_name_parse(struct engine_view_name *view, const char *text, struct failure *why);

/*
 * Says what an error of the server means for the operator of a view; `shown` is the view as in the settings.
 * Both put the text into the session's failure, and return -1.
 */
struct postgres_session;
int engine_statement_failed(
    struct postgres_session *s, const struct engine_view_name *view, const char *shown);
int engine_no_view(const struct postgres_session *s, const char *what, const char *shown);

#endif /* ENGINE_ROWS_H */
