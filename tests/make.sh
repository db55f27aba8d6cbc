#!/bin/sh
# What make reads of a build tree is what compilers wrote there, not what else lies in it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$(dirname "$0")/.." || exit 1
unset MAKEFLAGS MAKELEVEL

# The store of the end to end tests holds whole systems: directories named *.d, and files make cannot read.
tree=$work/tree
mkdir -p "$tree/e2e/data/etc/bash_completion.d" "$tree/common"
echo 'not a rule' >"$tree/e2e/data/modules.d"
run 0 make -s -n "BUILD=$tree" "$tree/common/buffer.o"
check "make is not disturbed by the store of the end to end tests" test ! -s "$work/err"

echo "$tree/common/buffer.o: no-such-header.h" >"$tree/common/buffer.d"
run 2 make -s -n "BUILD=$tree" "$tree/common/buffer.o"
check "what a compiler noted is read" grep -q 'no-such-header.h' "$work/err"
finish
