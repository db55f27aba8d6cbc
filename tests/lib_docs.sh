# shellcheck shell=sh
# What the documentation holds between its lines of ```.  Pages are named from the top of the repository.

pages() { printf '%s\n' README.md docs/*.md; }

# fences PAGE...: "PAGE:LINE WORD" of each block, "-" where it has no word.
fences() {
	awk 'FNR == 1 { open = 0 }
		/^ *```/ {
			if (!open)
				print FILENAME ":" FNR, (match($0, /[^` ]/) ? substr($0, RSTART) : "-")
			open = !open
		}
		END { if (open) print FILENAME ": a block does not end" > "/dev/stderr" }' "$@"
}

# block PAGE:LINE: what is in the block that begins there.
block() { awk -v from="${1##*:}" 'FNR > from && /^ *```/ { exit } FNR > from' "${1%:*}"; }

# fenced WORD PAGE...: PAGE:LINE of each block with that word.
fenced() {
	fenced_word=$1
	shift
	fences "$@" | sed -n "s/^\([^ ]*\) $fenced_word\$/\1/p"
}

# expressions PAGE...: the PromQL, each expression on a line of its own behind "PAGE:LINE" and a tab: those of the blocks,
# which stand between empty lines, and those in the text.  A name alone is no expression.
expressions() {
	for each in $(fenced promql "$@"); do
		block "$each" | awk -v place="$each" '
			function done() { if (expression != "") print place "\t" expression; expression = "" }
			/^ *#/ { next }
			/^ *$/ { done(); next }
			{ gsub(/^ +/, ""); expression = expression (expression == "" ? "" : " ") $0 }
			END { done() }'
	done
	spans "$@" | awk -F'\t' '$2 ~ /(arbitrage|node|process|arbwatch_exporter)_[a-z_]+/ && $2 ~ /[(){}<>*\/+\[=]| - /'
}

# spans PAGE...: what stands between ` and ` in the text, "PAGE:LINE" and a tab before it.
spans() {
	awk 'FNR == 1 { open = 0 }
		/^ *```/ { open = !open }
		!open {
			count = split($0, part, "`")
			for (i = 2; i < count; i += 2)
				print FILENAME ":" FNR "\t" part[i]
		}' "$@"
}
