# shellcheck shell=sh
# What the scenarios that start demo/run.sh share.

# light_promtool: a directory with a promtool that asks as the real one does and is a third of its work.  The demo asks
# several times a second, which was a good part of the processor time of these scenarios; run.sh shows it with the real one.
light_promtool() {
	mkdir "$work/light"
	cat >"$work/light/promtool" <<'END'
#!/bin/sh
# promtool query instant URL EXPRESSION
[ $# -eq 4 ] && [ "$1 $2" = 'query instant' ] || exit 2
answer=$(curl -sf --noproxy '*' --max-time 10 -G --data-urlencode "query=$4" "$3/api/v1/query") || exit 1
printf '%s\n' "$answer" | sed 's/"value":\[\([0-9.]*\),"\([^"]*\)"\]/\n{} => \2 @[\1]\n/g'
END
	chmod 755 "$work/light/promtool"
	light_path=$work/light:$PATH
}
