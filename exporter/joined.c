#include <stdio.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#include "exporter/joined.h"
#include "textfile/composite.h"
#include "textfile/merge.h"
#include "textfile/names.h"
#include "textfile/room.h"

#define NOWHERE UINT32_MAX

/*
 * Level 4 takes hardly longer than level 1 and saves a fifth of what is sent;
 * what the next ones save is not worth their time on a text that lives until
 * the next file is published.
 */
enum { PACK_LEVEL = 4, PACK_STEP = 1 << 18, RAW_DEFLATE = -15, PACK_MEMORY = 8 };

static const size_t largest_text = (size_t)1 << 30;

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

static const struct content_family *
family_at(const struct joining *j, uint32_t place)
{
	return &j->joined->contents[j->places[place].file]->families[j->places[place].family];
}

static void
leave_out(struct joining *j, size_t file, const char *text)
{
	j->joined->conflicts++;
	if (j->report != NULL)
		j->report(j->context, file, text);
}

/* --- Which families are in which files --- */

static struct joint *
need_joint(struct joining *j, const struct content_family *family)
{
	const struct names_entry *entry = names_find(&j->names, family->name);
	struct joint *joints;

	if (entry != NULL)
		return &j->joints[entry->number];
	joints = room_for(j->joints, &j->joint_room, j->joint_count + 1, 0, sizeof(*joints));
	if (joints == NULL || names_add(&j->names, family->name, (uint32_t)j->joint_count, 0) != 0) {
		j->joints = joints != NULL ? joints : j->joints;
		return NULL;
	}
	j->joints = joints;
	joints[j->joint_count] =
	    (struct joint){ .name = family->name, .type = family->type, .first = NOWHERE, .last = NOWHERE };
	return &joints[j->joint_count++];
}

static int
add_place(struct joining *j, uint32_t file, uint32_t number)
{
	const struct content_family *family = &j->joined->contents[file]->families[number], *first;
	struct joint *joint = need_joint(j, family);
	uint32_t place = (uint32_t)j->place_count++;

	if (joint == NULL)
		return -1;
	j->places[place] = (struct place){ file, number, NOWHERE };
	joint->series += family->series_count;
	if (joint->first == NOWHERE) {
		joint->first = joint->last = place;
		return 0;
	}
	joint->shared = true;
	j->places[joint->last].next = place;
	joint->last = place;
	first = family_at(j, joint->first);
	if (first->type != family->type || !slice_equal(first->help, family->help))
		joint->conflict = true;
	/* As long as any of them is one, "x_sum" may collide. */
	if (composite_type(family->type))
		joint->type = family->type;
	return 0;
}

static int
add_places(struct joining *j)
{
	size_t count = 0;

	for (size_t i = 0; i < j->joined->content_count; i++)
		count += j->joined->contents[i]->family_count;
	j->places = calloc(count + 1, sizeof(*j->places));
	if (j->places == NULL || count >= NOWHERE)
		return -1;
	for (uint32_t i = 0; i < j->joined->content_count; i++)
		for (uint32_t k = 0; k < j->joined->contents[i]->family_count; k++)
			if (add_place(j, i, k) != 0)
				return -1;
	return 0;
}

/* --- Where files may contradict each other --- */

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
		const struct content_family *family = family_at(j, place);
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

static int
find_conflicts(struct joining *j, joined_reserved *reserved)
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

static const struct joint *
joint_of(const struct joining *j, const struct content_family *family)
{
	return &j->joints[names_find(&j->names, family->name)->number];
}

static int
part_init(const struct joining *j, struct part *part, const struct content *content)
{
	buffer_init(&part->text, content->length);
	for (size_t i = 0; i < content->family_count; i++) {
		const struct content_family *family = &content->families[i];

		if (joint_of(j, family)->conflict)
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

static int
merge_conflicts(struct joining *j)
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

/* --- The text --- */

static int
add_slice(struct joined *joined, const char *at, size_t length)
{
	struct slice *last, *slices;

	if (length == 0)
		return 0;
	last = joined->slice_count > 0 ? &joined->slices[joined->slice_count - 1] : NULL;
	joined->length += length;
	if (last != NULL && last->at + last->length == at) {
		last->length += length;
		return 0;
	}
	slices = room_for(joined->slices, &joined->slice_room, joined->slice_count + 1, 0, sizeof(*slices));
	if (slices == NULL)
		return -1;
	joined->slices = slices;
	slices[joined->slice_count++] = (struct slice){ at, length };
	return 0;
}

/* What only one file has, in the file's order. */
static int
add_own(struct joining *j, const struct content *content)
{
	for (size_t i = 0; i < content->family_count; i++) {
		const struct content_family *family = &content->families[i];
		const struct joint *joint = joint_of(j, family);

		if (!joint->shared && !joint->conflict && !joint->reserved &&
		    add_slice(j->joined, content->text + family->start, family->end - family->start) != 0)
			return -1;
	}
	return 0;
}

static int
add_shared(struct joining *j, const struct joint *joint)
{
	for (uint32_t place = joint->first; place != NOWHERE; place = j->places[place].next) {
		const struct content_family *family = family_at(j, place);
		const struct content *content = j->joined->contents[j->places[place].file];
		size_t start = place == joint->first ? family->start : family->samples;

		if (add_slice(j->joined, content->text + start, family->end - start) != 0)
			return -1;
	}
	return 0;
}

static int
add_slices(struct joining *j)
{
	struct joined *joined = j->joined;

	for (size_t i = 0; i < joined->content_count; i++)
		if (add_own(j, joined->contents[i]) != 0)
			return -1;
	for (size_t i = 0; i < j->joint_count; i++) {
		const struct joint *joint = &j->joints[i];

		if (joint->shared && !joint->conflict && !joint->reserved && add_shared(j, joint) != 0)
			return -1;
	}
	return add_slice(joined, joined->merged.text, joined->merged.length);
}

static struct joined *
joined_empty(struct content *const contents[], size_t count)
{
	struct joined *joined = calloc(1, sizeof(*joined));

	if (joined == NULL)
		return NULL;
	atomic_init(&joined->references, 1);
	buffer_init(&joined->merged, largest_text);
	buffer_init(&joined->packed, largest_text);
	joined->contents = calloc(count + 1, sizeof(struct content *));
	if (joined->contents == NULL) {
		free(joined);
		return NULL;
	}
	for (; joined->content_count < count; joined->content_count++)
		joined->contents[joined->content_count] = content_keep(contents[joined->content_count]);
	return joined;
}

struct joined *
joined_new(struct content *const contents[], size_t count, joined_reserved *reserved, joined_report *report,
    void *context)
{
	struct joining j = { .joined = joined_empty(contents, count), .report = report, .context = context };

	if (j.joined == NULL)
		return NULL;
	names_init(&j.names);
	if (add_places(&j) != 0 || find_conflicts(&j, reserved) != 0 ||
	    (j.conflict_count > 0 && merge_conflicts(&j) != 0) || add_slices(&j) != 0) {
		joined_drop(j.joined);
		j.joined = NULL;
	}
	names_release(&j.names);
	free(j.joints);
	free(j.places);
	return j.joined;
}

/* --- Packed --- */

/* Everything zlib has for us so far. */
static int
drain(z_stream *z, struct buffer *out, int flush)
{
	int status = Z_OK;

	do {
		char *room = buffer_reserve(out, PACK_STEP);

		if (room == NULL)
			return -1;
		z->next_out = (Bytef *)room;
		z->avail_out = PACK_STEP;
		status = deflate(z, flush);
		out->length += PACK_STEP - z->avail_out;
	} while (z->avail_out == 0 && status == Z_OK);
	return status == Z_STREAM_ERROR ? -1 : 0;
}

static int
pack_slices(struct joined *joined, z_stream *z)
{
	uLong checksum = crc32(0, NULL, 0);

	for (size_t i = 0; i < joined->slice_count; i++) {
		const struct slice *slice = &joined->slices[i];

		/* zlib counts in 32 bits, and all files together have fewer. */
		z->next_in = (const Bytef *)slice->at;
		z->avail_in = (uInt)slice->length;
		checksum = crc32(checksum, (const Bytef *)slice->at, (uInt)slice->length);
		if (drain(z, &joined->packed, Z_NO_FLUSH) != 0)
			return -1;
	}
	joined->checksum = (uint32_t)checksum;
	return drain(z, &joined->packed, Z_SYNC_FLUSH);
}

int
joined_pack(struct joined *joined)
{
	z_stream z = { 0 };
	char *fitting;
	int result;

	if (joined->packed.length > 0)
		return 0;
	if (deflateInit2(&z, PACK_LEVEL, Z_DEFLATED, RAW_DEFLATE, PACK_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return -1;
	result = pack_slices(joined, &z);
	(void)deflateEnd(&z);
	if (result != 0) {
		buffer_release(&joined->packed);
		joined->packed.failed = false;
		return -1;
	}
	fitting = realloc(joined->packed.text, joined->packed.length);
	if (fitting != NULL) {
		joined->packed.text = fitting;
		joined->packed.capacity = joined->packed.length;
	}
	return 0;
}

struct joined *
joined_keep(struct joined *joined)
{
	atomic_fetch_add(&joined->references, 1);
	return joined;
}

void
joined_drop(struct joined *joined)
{
	if (joined == NULL || atomic_fetch_sub(&joined->references, 1) > 1)
		return;
	for (size_t i = 0; i < joined->content_count; i++)
		content_drop(joined->contents[i]);
	free(joined->contents);
	free(joined->slices);
	buffer_release(&joined->merged);
	buffer_release(&joined->packed);
	free(joined);
}
