# shellcheck shell=sh
# What the documentation holds between its lines of ```.  Pages are named from the top of the repository.

# The page that toy_collector.sh follows to the letter: its commands and settings are of a program that it adds.
followed=docs/adding-a-collector.md

pages() { printf '%s\n' README.md docs/*.md compose/secrets/README.md prometheus/hosts/README.md; }

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

# make_targets LINE: every target that it names is one.
make_targets() {
	printf '%s\n' "${1%%#*}" | grep -oE 'make( [a-z][a-z0-9-]*)?' | while read -r _ target; do
		grep -qE "^${target:-all}:" Makefile || echo "no target $target"
	done | grep . && return 1
	return 0
}

# compose_words LINE: files, profile and service are there.  The command is one of those that the documentation uses.
compose_words() {
	case $1 in
	*'; docker compose '*) compose_words "docker compose ${1#*; docker compose }" || return 1 ;;
	esac
	compose_line=${1%%; docker compose *}
	set -f
	# shellcheck disable=SC2086 # words are meant
	set -- ${compose_line%%#*}
	set +f
	shift 2
	while :; do
		case ${1-} in
		-f | --env-file) test -f "$2" || test -f "compose/$2.example" || return 1 ;;
		--profile) grep -rqE "profiles: .*\b$2\b" compose || return 1 ;;
		*) break ;;
		esac
		shift 2
	done
	echo "${1-}" | grep -qxE 'build|down|exec|kill|logs|pause|ps|pull|restart|run|start|stop|unpause|up' || return 1
	shift
	while :; do
		case ${1-} in
		-s | --tail | -u | --entrypoint) shift ;;
		-*) ;;
		*) break ;;
		esac
		shift
	done
	[ -z "${1-}" ] || grep -rqx "  $1:" compose || return 1
	for word; do
		case $word in
		/run/secrets/*) grep -rqF "${word%/*}" compose || return 1 ;;
		esac
	done
}
