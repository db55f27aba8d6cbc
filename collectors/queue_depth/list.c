/*
 * A plain list, whose tasks are nobody's format: all it tells is how many there are.
 */

#include "collectors/queue_depth/format.h"

static const struct queue_count counts[] = { { FIGURE_LENGTH, "LLEN", "", "" }, { 0 } };

const struct queue_format queue_format_list = {
	.key_type = "list",
	.before = "",
	.after = "",
	.counts = counts,
};
