# shellcheck shell=sh
# shellcheck disable=SC2154  # what lib.sh, which is sourced before, sets
# ccxt, the published client that judges what speaks to an exchange and what plays one.

ccxt_version=4.5.84

# have_ccxt: it comes from the npm registry the first time, and is kept in the build tree.  One test at a time fetches
# it.  Sets NODE_PATH; where it cannot be had, fails and sets why_no_ccxt.
have_ccxt() {
	installed=$BUILD/npm
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		why_no_ccxt="no node or no npm"
		return 1
	fi
	(
		flock 9
		grep -qs "\"version\": \"$ccxt_version\"" "$installed/node_modules/ccxt/package.json" && exit
		npm install --prefix "$work/npm" "ccxt@$ccxt_version" --no-audit --no-fund --ignore-scripts >"$work/npm.log" 2>&1 &&
			rm -rf "$installed" && mv "$work/npm" "$installed"
	) 9>"$BUILD/npm.lock" || {
		why_no_ccxt="npm cannot install it: $(grep -m 1 'npm ERR\|npm error' "$work/npm.log" 2>&1)"
		return 1
	}
	export NODE_PATH="$installed/node_modules"
}
