#ifndef COMMON_SYSTEM_READERS_H
#define COMMON_SYSTEM_READERS_H

#include <sys/stat.h>

/*
 * The rights that others have to the file: those of its group and of all others, S_IRWXG | S_IRWXO at most.
 * Where it has an ACL the mode shows its mask in the place of the group's rights.  Then the rights are those
 * of its groups and named users, without the user this runs as: systemd makes credentials so.
 */
mode_t readers_rights(const char *path, const struct stat *info);

#endif /* COMMON_SYSTEM_READERS_H */
