# shellcheck shell=sh
# shellcheck disable=SC2154  # what lib.sh, which is sourced before, sets
# Published clients, which judge what plays the server that they are made for, and what speaks to it.

# have_packages DIRECTORY NAME@VERSION...: they come from the npm registry the first time, and are kept in the build tree.
# One test at a time fetches them.  Sets NODE_PATH; where they cannot be had, fails and sets why_no_packages.
have_packages() {
	installed=$1
	shift
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		why_no_packages="no node or no npm"
		return 1
	fi
	(
		flock 9
		missing=''
		for each in "$@"; do
			grep -qs "\"version\": \"${each##*@}\"" "$installed/node_modules/${each%@*}/package.json" || missing=yes
		done
		[ -n "$missing" ] || exit 0
		# Where there is no registry, npm's own waits between two attempts would be minutes.
		npm install --prefix "$work/npm" "$@" --no-audit --no-fund --ignore-scripts --fetch-retry-mintimeout=1000 \
			--fetch-retry-maxtimeout=5000 >"$work/npm.log" 2>&1 &&
			rm -rf "$installed" && mv "$work/npm" "$installed"
	) 9>"$BUILD/npm.lock" || {
		why_no_packages="npm cannot install it: $(grep -m 1 'npm ERR\|npm error' "$work/npm.log" 2>&1)"
		return 1
	}
	export NODE_PATH="$installed/node_modules"
}

have_ccxt() { have_packages "$BUILD/npm" ccxt@4.5.84; }
have_chat_clients() { have_packages "$BUILD/npm-chat" grammy@1.46.0 @slack/web-api@8.2.0 @slack/webhook@8.0.2; }
