#!/bin/sh
# The makefile: what it reads of a build tree is what compilers wrote there, and signals reach what it runs.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$repository" || exit 1
unset MAKEFLAGS MAKELEVEL

# Whole systems are kept there: directories named *.d, and files make cannot read.
tree=$work/tree
for system in e2e debian bare; do
	mkdir -p "$tree/$system/etc/bash_completion.d" "$tree/common/text"
	echo 'not a rule' >"$tree/$system/etc/modules.d"
done
run 0 make -s -n "BUILD=$tree" "$tree/common/text/buffer.o"
check "make is not disturbed by the systems of the end to end tests" test ! -s "$work/err"

echo "$tree/common/text/buffer.o: no-such-header.h" >"$tree/common/text/buffer.d"
run 2 make -s -n "BUILD=$tree" "$tree/common/text/buffer.o"
check "what a compiler noted is read" grep -q 'no-such-header.h' "$work/err"

# What a recipe runs at last takes the shell's place, so that it gets the signals that make hands on.
rm "$tree/common/text/buffer.d"
for target in run check e2e bare fuzz bench; do
	make -n "BUILD=$tree" "$target" 2>"$work/err" | tail -n 1 >"$work/last"
	check "make $target hands signals on" grep -q '^exec ' "$work/last"
done
finish
