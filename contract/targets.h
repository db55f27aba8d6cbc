#ifndef CONTRACT_TARGETS_H
#define CONTRACT_TARGETS_H

#include "contract/limits.h"
#include "textfile/family.h"

/* The families that each collector for one kind of server begins with, in this order. */
enum target_family {
	TARGET_UP,               /* gauge {target} */
	TARGET_LATENCY,          /* histogram {target} */
	TARGET_CONNECT_DURATION, /* gauge {target,phase} */
	TARGET_FAILURES,         /* counter {target,kind} */
	TARGET_LAST_SUCCESS,     /* gauge {target}, kept */
};
enum { TARGET_FAMILIES = TARGET_LAST_SUCCESS + 1 };

#endif /* CONTRACT_TARGETS_H */
