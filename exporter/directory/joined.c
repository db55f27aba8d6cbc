#include <stdlib.h>
#include <string.h>

#include "common/text/array.h"
#include "exporter/directory/joined_parts.h"
#include "textfile/composite.h"

static const size_t largest_text = (size_t)1 << 30;

/* --- Which families are in which files --- */

const struct content_family *
joining_family(const struct joining *j, uint32_t place)
{
	return &j->joined->contents[j->places[place].file]->families[j->places[place].family];
}

const struct joint *
joining_joint(const struct joining *j, const struct content_family *family)
{
	return &j->joints[names_find(&j->names, family->name)->number];
}

static struct joint *
need_joint(struct joining *j, const struct content_family *family)
{
	const struct names_entry *entry = names_find(&j->names, family->name);
	struct joint *joints;

	if (entry != NULL)
		return &j->joints[entry->number];
	joints = array_reserve(j->joints, &j->joint_room, j->joint_count + 1, 0, sizeof(*joints));
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
	first = joining_family(j, joint->first);
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
	slices =
	    array_reserve(joined->slices, &joined->slice_room, joined->slice_count + 1, 0, sizeof(*slices));
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
		const struct joint *joint = joining_joint(j, family);

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
		const struct content_family *family = joining_family(j, place);
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
	if (add_places(&j) != 0 || joining_find_conflicts(&j, reserved) != 0 ||
	    (j.conflict_count > 0 && joining_merge(&j) != 0) || add_slices(&j) != 0) {
		joined_drop(j.joined);
		j.joined = NULL;
	}
	names_release(&j.names);
	free(j.joints);
	free(j.places);
	return j.joined;
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
