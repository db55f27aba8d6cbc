#ifndef PAPER_EXCHANGE_DELIVER_H
#define PAPER_EXCHANGE_DELIVER_H

#include "demo/paper_exchange/server.h"

/*
 * Send what was answered, with the faults that concern its delivery: cut
 * off, blown up, of another content type, drop by drop.
 */
enum MHD_Result deliver(struct server *server, struct MHD_Connection *connection, struct answer *answer,
    const struct fault_setting faults[FAULTS], int64_t now_ms);

/* End the connection so that the client sees a reset. */
enum MHD_Result deliver_reset(struct MHD_Connection *connection);

#endif /* PAPER_EXCHANGE_DELIVER_H */
