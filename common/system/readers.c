/*
 * systemd makes a credential a file of root with mode 0400, and adds an entry for the user of the service to
 * its ACL: user::r--, user:UID:r--, group::---, mask::r--, other::---.  stat() then says 0440, although no
 * group may read it.
 */

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/system/readers.h"

enum { LARGEST_ACL = 4096 };

mode_t
readers_rights(const char *path, const struct stat *info)
{
	char acl[LARGEST_ACL];
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entry;
	mode_t rights = info->st_mode & (S_IRWXG | S_IRWXO), of_others = 0;
	ssize_t size =
	    (rights & S_IRWXG) != 0 ? getxattr(path, "system.posix_acl_access", acl, sizeof(acl)) : -1;

	/* Without an ACL, or with one that cannot be read, the mode counts. */
	if (size < (ssize_t)sizeof(header))
		return rights;
	memcpy(&header, acl, sizeof(header));
	if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION)
		return rights;
	for (size_t at = sizeof(header); at + sizeof(entry) <= (size_t)size; at += sizeof(entry)) {
		memcpy(&entry, acl + at, sizeof(entry));
		switch (le16toh(entry.e_tag)) {
		case ACL_USER:
			if (le32toh(entry.e_id) == geteuid())
				break;
			/* fall through */
		case ACL_GROUP_OBJ:
		case ACL_GROUP: of_others |= (mode_t)(le16toh(entry.e_perm) & 7) << 3; break;
		default: break;
		}
	}
	/* The mode has the mask, which bounds them all. */
	return (rights & S_IRWXO) | (rights & of_others);
}
