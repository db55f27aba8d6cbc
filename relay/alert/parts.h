#ifndef RELAY_ALERT_PARTS_H
#define RELAY_ALERT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text/buffer.h"
#include "common/text/slice.h"
#include "relay/alert/alert.h"

/* What the files of relay/alert share. */

/* Times that are believed: 1970 to the end of 2199, in Unix ms. */
#define MOMENT_LAST INT64_C(7258118399999)

/*
 * The text itself, or a copy of it in `copy` where bytes that are no UTF-8, NUL bytes, and the escapes of NUL
 * and of half surrogate pairs are U+FFFD.  copy->failed: out of memory, or past its limit.
 */
struct slice repair_text(struct slice text, struct buffer *copy);

/* Alertmanager's fingerprint of an object of strings: FNV-1a of 64 bits over its names in order, and values.
 */
void labels_fingerprint(const json_t *labels, char fingerprint[ALERT_FINGERPRINT]);

/* The same object with what is past the limits cut off.  NULL: out of memory. */
json_t *labels_cut(const json_t *labels, size_t value_limit);

#endif /* RELAY_ALERT_PARTS_H */
