#ifndef CONTRACT_LATENCY_BOUNDS_H
#define CONTRACT_LATENCY_BOUNDS_H

/*
 * Histogram bounds, in seconds, for one round trip to a server: from a
 * loopback's 50 microseconds to what no trading loop can wait for.  One table
 * for all, so that dashboards can lay one server's latency over another's.
 */
enum { LATENCY_BOUNDS = 15 };

extern const double latency_bounds[LATENCY_BOUNDS];

#endif /* CONTRACT_LATENCY_BOUNDS_H */
