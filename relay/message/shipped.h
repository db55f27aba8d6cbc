#ifndef RELAY_MESSAGE_SHIPPED_H
#define RELAY_MESSAGE_SHIPPED_H

/* The templates that are compiled in; the last one has no name. */
struct shipped_file {
	const char *name; /* "en/firing.txt" */
	const char *text;
};
extern const struct shipped_file shipped_files[];

#endif /* RELAY_MESSAGE_SHIPPED_H */
