#ifndef COMMON_VERSION_H
#define COMMON_VERSION_H

/* "0.1.0", from the file VERSION, and the commit it was built from, or "unknown". */
extern const char version_number[];
extern const char version_revision[];

#endif /* COMMON_VERSION_H */
