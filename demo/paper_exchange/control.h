#ifndef PAPER_EXCHANGE_CONTROL_H
#define PAPER_EXCHANGE_CONTROL_H

#include "demo/paper_exchange/server.h"

/*
 * The control endpoint: faults on and off, what was asked, what the books
 * are.  `path` begins with "/control".
 */
void control_answer(struct server *server, const char *method, const char *path,
    const struct arguments *arguments, struct answer *answer);

#endif /* PAPER_EXCHANGE_CONTROL_H */
