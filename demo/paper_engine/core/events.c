#include "demo/paper_engine/core/events.h"

const char *const venue_names[VENUES] = { "binance", "upbit" };
const char *const leg_names[3] = { "first", "second", "unwind" };
const char *const movement_names[2] = { "stock", "rebalance" };
