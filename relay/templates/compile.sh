#!/bin/sh
# compile.sh: print relay/message/shipped.c, which holds the files of this folder.
# After a change of a template: relay/templates/compile.sh >relay/message/shipped.c

set -eu
cd "$(dirname "$0")"
cat <<'END'
/* The files of relay/templates, written by its compile.sh.  A test compares them. */

#include "relay/message/shipped.h"

/* clang-format off */
const struct shipped_file shipped_files[] = {
END
LC_ALL=C
export LC_ALL
for file in */*.txt; do
	printf '\t{ "%s",\n' "$file"
	sed 's/[\\"]/\\&/g; s/^/\t\t"/; s/$/\\n"/' "$file"
	printf '\t},\n'
done
cat <<'END'
	{ 0 },
};
END
