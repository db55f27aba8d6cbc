# shellcheck shell=sh
# One Chromium for a scenario, besides lib.sh: it runs all the time, and tests/exporter/browser.py drives it.

mkfifo "$work/requests" "$work/answers"
"$PYTHON" "$repository/tests/exporter/browser.py" "$(command -v chromium)" "$work/chrome" <"$work/requests" >"$work/answers" \
	2>"$work/browser.log" &
echo $! >>"$work/pids"
exec 8>"$work/requests" 9<"$work/answers"

# browse REQUEST FIELD...: a request of browser.py.
browse() {
	(IFS='	' && echo "$*") >&8
	read -r browse_answer <&9
	[ "$browse_answer" = ok ] || { echo "$browse_answer"; tail -n 5 "$work/browser.log"; return 1; }
}
