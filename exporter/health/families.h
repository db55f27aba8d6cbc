#ifndef EXPORTER_HEALTH_FAMILIES_H
#define EXPORTER_HEALTH_FAMILIES_H

#include "exporter/health/facts.h"
#include "textfile/family.h"

/*
 * Which families the facts come from.  Inside of exporter/health/.
 *
 * How a sample's value becomes a fact, and what becomes of it when another
 * sample has said something already.  What a value cannot be is never left out
 * where that would make the fact better.
 */
enum joining {
	FLAG_LEAST, /* 0 before what is neither 0 nor 1, and 1 only where all are */
	FLAG_MOST,  /* 1 before what is neither, and 0 only where all are */
	FLAG_SAME,  /* 0 or 1 where all agree */
	OLDEST,     /* NaN is older than any time */
	COUNT_MOST, /* what is no count is +Inf */
	LEAST,      /* NaN says nothing, here and below */
	MOST,
	SUM,
	ZEROS,
	DIFFERENCES, /* all but 0, NaN too */
	BUCKETS
};

/* One row: a family, what it is about, and where its values go. */
struct family_rule {
	const struct family *family;
	bool makes; /* a check is there because of it; others outlive what they are about (`kept` gauges,
		       counters) */
	enum health_kind kind;
	const char *name; /* the label that names the check, or "=" and the name itself */
	enum fact fact;   /* the first of several with `choices` */
	enum joining joining;
	const char *label; /* whose value is one of `choices` */
	const char *const *choices;
	const char *only; /* value of label `status`, others do not count; or NULL */
};

/* NULL: nothing is made of it. */
const struct family_rule *family_rule_of(struct slice family);

#endif /* EXPORTER_HEALTH_FAMILIES_H */
