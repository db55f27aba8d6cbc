#!/bin/sh
# root.sh SUITE: print the directory of a minimal Debian of that suite (bookworm,
# trixie): what debootstrap makes, and nothing else.  It is made the first time
# and kept in $BUILD/debian; copy it before changing it.  Needs root.

set -eu
suite=$1
root=${BUILD:-build}/debian/$suite

# The archive that this machine itself uses.
archive() {
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
		sed -n 's/^\([^ ]*[^y]\/\) Debian main$/\1/p' | grep -v security | head -n 1
}

if [ ! -e "$root" ]; then
	mkdir -p "${root%/*}"
	rm -rf "$root.new"
	# shellcheck disable=SC2046 # one word, or none
	debootstrap --variant=minbase "$suite" "$root.new" $(archive) >"$root.log" 2>&1 || {
		tail -n 5 "$root.log" >&2
		exit 1
	}
	rm -rf "$root.new"/var/cache/apt/archives/*.deb
	mv "$root.new" "$root"
fi
cd "$root"
pwd
