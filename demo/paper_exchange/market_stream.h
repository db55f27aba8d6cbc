#ifndef PAPER_EXCHANGE_MARKET_STREAM_H
#define PAPER_EXCHANGE_MARKET_STREAM_H

#include "demo/paper_exchange/server.h"

/*
 * Books as server-sent events, at GET /EXCHANGE/paper/stream (docs/paper_exchange.md).  The thread of the
 * connection makes each text when the one before is sent, so that a stream holds the events of one tick and
 * no queue.  A client that falls behind by LATE_MS is cut, as one that reads nothing for so long.
 */
enum { STREAMS_MOST = 32, STREAM_LEVELS_MOST = 20, LATE_MS = 5000, ALIVE_MS = 1000 };

struct market_stream;

/* The response that sends answer->stream, which is its own from now on; NULL: out of memory. */
struct MHD_Response *market_stream_response(
    struct server *server, struct MHD_Connection *connection, struct answer *answer);

#endif /* PAPER_EXCHANGE_MARKET_STREAM_H */
