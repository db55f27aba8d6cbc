#ifndef RELAY_MESSAGE_DRAFT_H
#define RELAY_MESSAGE_DRAFT_H

#include "relay/message/fields.h"

/*
 * A message while it is written: its pieces say where in the text they are,
 * since the text moves as it grows.  Blanks in a row become one, lines in a row
 * that are empty become one, and there are none at the beginning.
 */
struct draft_piece {
	enum message_piece_kind kind;
	size_t start, length, url_start, url_length;
};

struct draft {
	struct buffer text;
	struct draft_piece *pieces;
	size_t count, room;
	size_t units; /* of visible text; a line break is one */
	bool failed;  /* memory ran out */
};

void draft_init(struct draft *draft);
void draft_release(struct draft *draft);

/* Behind the last line, which is ended first. */
void draft_template(
    struct draft *draft, const char *template, const struct values *values, size_t value_units);

/* Leave at most so many units of it. */
void draft_cut(struct draft *draft, size_t units);

/* 0 and the message has its pieces and text; -1: no memory. */
int draft_finish(struct draft *draft, struct message *message);

/* A template's fault, for people, with the line it is in; NULL: it has none.  `text` is where the fault is
 * told. */
const char *draft_template_fault(const char *template, char text[256]);

#endif /* RELAY_MESSAGE_DRAFT_H */
