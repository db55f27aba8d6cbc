#!/bin/sh
# The templates that are compiled in are those of relay/templates, and what is written about them holds.

. "$(dirname "$0")/../../lib.sh"
cd "$repository" || exit 1

run 0 relay/templates/compile.sh
check "what is compiled in is what is in the folder" cmp "$work/out" relay/message/shipped.c

# fields_of FILE...: the names of the fields in it, each once.
fields_of() { grep -oh '{{[^}]*}}' "$@" | tr -d '{}' | sort -u; }
sed -n 's/^	\[FIELD_[A-Z_]*\] = "\([a-z_]*\)",$/\1/p' relay/message/fields.c | sort >"$work/fields"
sed -n '/^| field/,/^$/s/^| \(`[^|]*\) |.*/\1/p' relay/templates/README.md | grep -o '`[a-z_]*`' | tr -d '`' | sort >"$work/described"
check "there are fields" test -s "$work/fields"
check "each field is described, and no other" cmp "$work/fields" "$work/described"
fields_of relay/templates/*/*.txt >"$work/used"
check "the templates have no others" test -z "$(comm -13 "$work/fields" "$work/used")"

words_of() { sed 's/: .*//' "relay/templates/$1/words.txt"; }
words_of en >"$work/en"
words_of ko >"$work/ko"
check "the languages have the same words" cmp "$work/en" "$work/ko"
for file in relay/templates/en/*.txt; do
	check "the languages use the same fields in ${file##*/}" test \
		"$(fields_of "$file")" = "$(fields_of "relay/templates/ko/${file##*/}")"
	check "${file##*/} is described" grep -qF "\`${file##*/}\`" relay/templates/README.md
done

finish
