/*
 * Seconds.  Histograms with different bounds cannot be added up, and a file
 * with other bounds makes a collector begin its histogram anew
 * (textfile/state.h): a change here costs the history of all three programs.
 */

#include "contract/latency_bounds.h"

const double latency_bounds[LATENCY_BOUNDS] = { 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
	0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5 };
