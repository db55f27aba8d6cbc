#ifndef EXPORTER_DIRECTORY_JOINED_PARTS_H
#define EXPORTER_DIRECTORY_JOINED_PARTS_H

#include "exporter/directory/joined.h"
#include "textfile/names.h"

/* What the files that join share, while they do; joined.h is for everybody else. */

#define NOWHERE UINT32_MAX

/* A family in one file. */
struct place {
	uint32_t file;
	uint32_t family;
	uint32_t next; /* of the same name, in a later file; NOWHERE: none */
};

/* A family in all files. */
struct joint {
	struct slice name;
	enum sample_type type;
	uint32_t first, last; /* places */
	size_t series;
	bool shared;   /* by several files */
	bool conflict; /* merge() has to say */
	bool reserved;
};

struct joining {
	struct joined *joined;
	struct names names;
	struct joint *joints;
	size_t joint_count, joint_room;
	struct place *places;
	size_t place_count;
	size_t conflict_count;
	joined_report *report;
	void *context;
	uint32_t *file_of; /* while merge() is at work: by document, its content */
};

const struct content_family *joining_family(const struct joining *j, uint32_t place);
const struct joint *joining_joint(const struct joining *j, const struct content_family *family);

/*
 * Mark the joints that are reserved, and those in which files contradict each
 * other.  0 or -1: out of memory.
 */
int joining_find_conflicts(struct joining *j, joined_reserved *reserved);

/* What merge() makes of the latter, into joined->merged.  0 or -1: out of memory. */
int joining_merge(struct joining *j);

#endif /* EXPORTER_DIRECTORY_JOINED_PARTS_H */
