/* Where files contradict each other, and what is done about it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/directory/joined_parts.h"
#include "textfile/composite.h"
#include "textfile/merge.h"

static void
leave_out(struct joining *j, size_t file, const char *text)
{
	j->joined->conflicts++;
	if (j->report != NULL)
		j->report(j->context, file, text);
}

/* --- Finding them --- */

/* "x_sum" beside a histogram or summary "x". */
static void
find_collision(struct joining *j, struct joint *joint)
{
	static const char *const suffixes[] = { "_bucket", "_count", "_sum" };

	for (size_t i = 0; i < 3; i++) {
		struct slice whole = joint->name;
		const struct names_entry *entry;

		if (!slice_ends_with(whole, suffixes[i]) || whole.length == strlen(suffixes[i]))
			continue;
		whole.length -= strlen(suffixes[i]);
		entry = names_find(&j->names, whole);
		if (entry != NULL && composite_type(j->joints[entry->number].type))
			joint->conflict = j->joints[entry->number].conflict = true;
	}
}

/* Whether any series is in two files.  The table has room for `mask` + 1 and is left as it was found. */
static bool
has_duplicate(const struct joining *j, const struct joint *joint, uint64_t *table, size_t mask)
{
	memset(table, 0, (mask + 1) * sizeof(*table));
	for (uint32_t place = joint->first; place != NOWHERE; place = j->places[place].next) {
		const struct content_family *family = joining_family(j, place);
		const uint64_t *series = j->joined->contents[j->places[place].file]->series + family->series;

		for (size_t i = 0; i < family->series_count; i++) {
			uint64_t hash = series[i] | 1;
			size_t at = hash >> 1 & mask;

			for (; table[at] != 0; at = (at + 1) & mask)
				if (table[at] == hash)
					return true;
			table[at] = hash;
		}
	}
	return false;
}

static size_t
mask_for(size_t series)
{
	size_t capacity = 16;

	while (capacity < series * 2)
		capacity *= 2;
	return capacity - 1;
}

static int
find_duplicates(struct joining *j)
{
	size_t most = 0;
	uint64_t *table;

	for (size_t i = 0; i < j->joint_count; i++)
		if (j->joints[i].shared && !j->joints[i].reserved && j->joints[i].series > most)
			most = j->joints[i].series;
	if (most == 0)
		return 0;
	table = malloc((mask_for(most) + 1) * sizeof(*table));
	if (table == NULL)
		return -1;
	for (size_t i = 0; i < j->joint_count; i++) {
		struct joint *joint = &j->joints[i];

		if (joint->shared && !joint->reserved && !joint->conflict)
			joint->conflict = has_duplicate(j, joint, table, mask_for(joint->series));
	}
	free(table);
	return 0;
}

static void
leave_out_reserved(struct joining *j, const struct joint *joint)
{
	char text[256];

	for (uint32_t place = joint->first; place != NOWHERE; place = j->places[place].next) {
		(void)snprintf(text, sizeof(text), "'%.*s' is served by arbwatch_exporter itself",
		    joint->name.length < 128 ? (int)joint->name.length : 128, joint->name.at);
		leave_out(j, j->places[place].file, text);
	}
}

int
joining_find_conflicts(struct joining *j, joined_reserved *reserved)
{
	for (size_t i = 0; i < j->joint_count; i++) {
		struct joint *joint = &j->joints[i];

		joint->reserved = reserved != NULL && reserved(joint->name);
		if (joint->reserved)
			leave_out_reserved(j, joint);
		else
			find_collision(j, joint);
	}
	if (find_duplicates(j) != 0)
		return -1;
	for (size_t i = 0; i < j->joint_count; i++) {
		struct joint *joint = &j->joints[i];

		joint->conflict = joint->conflict && !joint->reserved;
		j->conflict_count += joint->conflict;
	}
	return 0;
}

/* --- The few families that need a merge --- */

struct part {
	struct buffer text;
	struct document document;
};

static int
part_init(const struct joining *j, struct part *part, const struct content *content)
{
	buffer_init(&part->text, content->length);
	for (size_t i = 0; i < content->family_count; i++) {
		const struct content_family *family = &content->families[i];

		if (joining_joint(j, family)->conflict)
			buffer_append(
			    &part->text, content->text + family->start, family->end - family->start);
	}
	if (part->text.failed)
		return -1;
	return parse(&part->document, buffer_slice(&part->text), NULL, NULL) < 0 ? -1 : 0;
}

static void
report_fault(void *context, size_t file, const struct fault *fault)
{
	struct joining *j = context;

	leave_out(j, j->file_of[file], fault->text);
}

static int
merge_parts(struct joining *j, struct part *parts, const struct document **documents)
{
	size_t count = 0;

	for (uint32_t i = 0; i < j->joined->content_count; i++) {
		struct part *part = &parts[count];

		if (part_init(j, part, j->joined->contents[i]) != 0)
			return -1;
		if (part->text.length == 0) {
			document_release(&part->document);
			buffer_release(&part->text);
			continue;
		}
		j->file_of[count] = i;
		documents[count++] = &part->document;
	}
	if (merge(documents, count, &j->joined->merged, report_fault, j) < 0 || j->joined->merged.failed)
		return -1;
	return 0;
}

int
joining_merge(struct joining *j)
{
	size_t count = j->joined->content_count;
	struct part *parts = calloc(count + 1, sizeof(*parts));
	const struct document **documents = calloc(count + 1, sizeof(*documents));
	int result = -1;

	j->file_of = calloc(count + 1, sizeof(*j->file_of));
	if (parts != NULL && documents != NULL && j->file_of != NULL)
		result = merge_parts(j, parts, documents);
	for (size_t i = 0; parts != NULL && i < count; i++) {
		document_release(&parts[i].document);
		buffer_release(&parts[i].text);
	}
	free(parts);
	free(documents);
	free(j->file_of);
	return result;
}
