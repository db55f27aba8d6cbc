#include <string.h>

#include "demo/paper_exchange/record.h"

void
records_add(struct records *records, const struct record *record)
{
	(void)pthread_mutex_lock(&records->lock);
	records->list[records->total % RECORDED] = *record;
	records->total++;
	(void)pthread_mutex_unlock(&records->lock);
}

void
records_clear(struct records *records)
{
	(void)pthread_mutex_lock(&records->lock);
	records->total = 0;
	(void)pthread_mutex_unlock(&records->lock);
}

static json_t *
header_names(const char *text)
{
	json_t *names = json_array();

	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
		(void)json_array_append_new(names, json_stringn(text, (size_t)(end - text)));
	return names;
}

/* Bytes that are no UTF-8 cannot be said in JSON. */
static json_t *
said(const char *text)
{
	json_t *string = json_string(text);

	return string != NULL ? string : json_string("(not UTF-8)");
}

json_t *
records_list(struct records *records)
{
	json_t *list = json_array();
	size_t first, total;

	(void)pthread_mutex_lock(&records->lock);
	total = records->total;
	first = total > RECORDED ? total - RECORDED : 0;
	for (size_t i = first; i < total; i++) {
		const struct record *r = &records->list[i % RECORDED];

		(void)json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o, s:i, s:o}", "exchange", r->exchange, "method", said(r->method),
			"path", said(r->path), "status", r->status, "headers", header_names(r->headers)));
	}
	(void)pthread_mutex_unlock(&records->lock);
	return json_pack("{s:I, s:o}", "total", (json_int_t)total, "requests", list);
}
