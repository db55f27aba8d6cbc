/*
 * A plain list.  The format of its tasks is not known, so only their number is.
 */

#include "collectors/queue_depth/format.h"

static const struct queue_count counts[] = { { FIGURE_LENGTH, "LLEN", "", "" }, { 0 } };

const struct queue_format queue_format_list = {
	.key_type = "list",
	.before = "",
	.after = "",
	.counts = counts,
};
