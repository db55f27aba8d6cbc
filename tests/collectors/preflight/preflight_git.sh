#!/bin/sh
# git_safety of preflight, against real repositories: what is committed and what is not, what hides that, what cannot be
# read, and those that would have programs of their own run.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_preflight.sh
. "$repository/tests/lib_preflight.sh"

# A user with settings of his own.
HOME=$work/home
export HOME
unset XDG_CONFIG_HOME
mkdir "$HOME"
real_git=$(command -v git)

safety() {  # safety STATUS ENV [FLAG...]
	safety_status=$1 safety_env=$2
	shift 2
	run "$safety_status" "$preflight" --env "$safety_env" --check git_safety --git.directory "$bot" \
		--output "$work/evidence.json" "$@"
	[ "$got" -eq "$safety_status" ] || sed 's/^/  list | /' "$work/out"
}
git_in() {  # git_in DIRECTORY ARGUMENT...
	git_in=$1
	shift
	git -C "$git_in" -c user.name=bot -c user.email=bot@example.com -c commit.gpgsign=false -c maintenance.auto=false \
		-c protocol.file.allow=always "$@" >"$work/git.out" 2>&1
}
make_submodule() {  # "sub" of the bot; made once, too
	if [ -d "$work/super.made" ]; then
		rm -rf "$bot"
		cp -a "$work/super.made" "$bot"
		return
	fi
	make_repository
	git_bot init "$work/sub"
	echo sub >"$work/sub/part.py"
	git_in "$work/sub" add part.py
	git_in "$work/sub" commit -m first
	git_in "$bot" submodule add "$work/sub" sub
	git_in "$bot" commit -m sub
	cp -a "$bot" "$work/super.made"
}
# settings: those on standard input are added to the bot's, as `git config` would, without a process for each.
settings() { cat >>"$bot/.git/config"; }

# What is committed ---------------------------------------------------

make_repository
safety 0 live
check "clean, at a commit" is git_safety pass 'clean, at commit'
safety 0 live --git.directory "$bot/."
echo more >>"$bot/bot.py"
safety 1 live
check "a change fails in live" is git_safety fail 'bot.py'
safety 0 paper
check "and warns in paper" is git_safety warn '1 paths are not as committed'
git_bot add bot.py
safety 1 live
check "also when it is in the index" is git_safety fail '1 paths are not as committed: bot.py'
git_bot reset --hard
echo x >"$bot/untracked file"
safety 1 live
check "so does what is not tracked" is git_safety fail '1 paths are not as committed: untracked file'
mkdir "$bot/below"
mv "$bot/untracked file" "$bot/below"
safety 1 live --git.directory "$bot/below"
check "from below, too" is git_safety fail 'below/untracked file'
rm -r "$bot/below"
git_bot mv bot.py 'the bot.py'
safety 1 live
check "paths are shown whole" is git_safety fail 'not as committed: bot.py, the bot.py'
git_bot reset --hard
echo '*.log' >"$bot/.gitignore"
git_bot add .gitignore
git_bot commit -m ignore
echo x >"$bot/run.log"
safety 0 live
check "what .gitignore names is not looked at" is git_safety pass
rm "$bot/run.log"
for name in .env id_rsa id_rsa.bak server.pem binance.secret wallet.json sub/credentials.json; do
	mkdir -p "$bot/sub"
	echo secret >"$bot/$name"
	git_bot add -f "$name"
	git_bot commit -m secret
	safety 1 paper
	check "$name is no file to track" is git_safety fail "tracked: $name"
	git_bot reset --hard HEAD^
done
echo x >"$bot/.env.example"
git_bot add .env.example
git_bot commit -m example
safety 0 live
check "an example is" is git_safety pass
git_bot checkout --detach
safety 0 live
git_bot commit --allow-empty -m lost
safety 1 live
check "a commit that is on no branch is not known" is git_safety fail 'is in none of refs'
git_bot checkout main
safety 1 live --git.refs refs/remotes/origin/main
check "nor is one that was not pushed, where that is asked" is git_safety fail 'refs/remotes/origin/main'
safety 1 live --git.refs=--nonsense
check "refs that begin like a flag are none" is git_safety fail 'is in none of --nonsense'
safety 1 live --git.refs=--no-contains
check "nor do they turn the question" is git_safety fail 'is in none of --no-contains'
git_bot tag v1
git_bot commit --allow-empty -m next
echo 0123456789012345678901234567890123456789 >"$bot/.git/refs/heads/broken"
safety 1 live --git.refs refs/heads/broken
check "a question that git cannot answer fails" is git_safety fail

# What hides changes --------------------------------------------------

hidden() {  # hidden DESCRIPTION TEXT: what is there now is seen
	safety 1 live
	check "$1 is seen" is git_safety fail "$2"
	make_repository
}
make_repository
echo x >"$bot/new.py"
git_bot config status.showUntrackedFiles no
hidden "with status.showUntrackedFiles=no a new file" new.py
mkdir "$bot/many"
echo x >"$bot/many/new.py"
hidden "a new file in a new directory" many/new.py
echo x >"$bot/new.py"
echo new.py >"$bot/.git/info/exclude"
hidden "a new file in .git/info/exclude" new.py
echo x >"$bot/new.py"
echo new.py >"$work/excludes"
git_bot config core.excludesFile "$work/excludes"
hidden "a new file in core.excludesFile" new.py
echo more >>"$bot/bot.py"
git_bot update-index --assume-unchanged bot.py
hidden "with assume-unchanged a change" '1 paths are not compared'
echo more >>"$bot/bot.py"
git_bot update-index --skip-worktree bot.py
hidden "with skip-worktree a change" '1 paths are not compared'
chmod 0755 "$bot/bot.py"
git_bot config core.fileMode false
hidden "with core.fileMode=false another mode" bot.py
mkdir "$work/elsewhere"
cp "$bot/bot.py" "$work/elsewhere"
echo more >>"$bot/bot.py"
git_bot config core.worktree "$work/elsewhere"
hidden "with core.worktree another tree" "$work/elsewhere"
echo more >>"$bot/bot.py"
git_bot add bot.py
git_bot replace "$(git -C "$bot" rev-parse 'HEAD^{tree}')" "$(git -C "$bot" write-tree)"
check "to git it is clean" test -z "$(git -C "$bot" status --porcelain)"
hidden "what a replacement stands for" bot.py

make_submodule
safety 0 live
check "a submodule is clean" is git_safety pass 'clean, at commit'
for setting in diff.ignoreSubmodules submodule.sub.ignore; do
	git_bot config "$setting" all
done
git_in "$bot/sub" commit --allow-empty -m other
safety 1 live
check "another commit of it is seen, whatever the settings say" is git_safety fail '1 paths are not as committed: sub'
git_in "$bot/sub" reset --hard HEAD^
safety 0 live
rm -r "$bot/sub"
mkdir "$bot/sub"
safety 0 live
check "a submodule need not be checked out" is git_safety pass

# What cannot be read -------------------------------------------------

make_repository
mkdir "$bot/deep"
unreadable() {  # unreadable DESCRIPTION TEXT
	for each in "$bot" "$bot/deep"; do
		safety 1 live --git.directory "$each"
		check "live: $1 fails" is git_safety fail "$2"
		safety 0 paper --git.directory "$each"
		check "paper: $1 warns" is git_safety warn "$2"
	done
}
mv "$bot/.git/HEAD" "$work/HEAD"
unreadable "a repository without its HEAD" 'not a git repository'
git_bot init "$work"
echo / >"$work/.gitignore"
unreadable "also one within another" "$bot"
rm -rf "$work/.git" "$work/.gitignore"
mv "$work/HEAD" "$bot/.git/HEAD"
safety 0 live
mv "$bot/.git" "$work/repository"
echo "gitdir: $work/nowhere" >"$bot/.git"
unreadable "one that is nowhere" 'not a git repository'
rm "$bot/.git"
ln -s "$work/nowhere" "$bot/.git"
unreadable "a link to nowhere" "$bot"
rm "$bot/.git"
mkfifo "$bot/.git"
unreadable "a FIFO" "$bot"
rm "$bot/.git"
echo "gitdir: $work/repository" >"$bot/.git"
safety 0 live
check "a repository elsewhere is read" is git_safety pass
git_bot config core.bare true
unreadable "one that has no working tree" "$bot"
git_bot config core.bare false
printf '[broken\n' >>"$work/repository/config"
unreadable "settings that make no sense" 'bad config'
make_repository
mkdir "$bot/deep"
# Nobody's rights, where ours are root's.
open=$work/open
mkdir -m 0777 "$open"
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	else
		"$@"
	fi
}
lent=$(for_all_users preflight)
locked() {  # locked DIRECTORY STATUS ENV
	run "$2" as_nobody env HOME="$open" "$lent" --env "$3" --check git_safety --git.directory "$1" --no-metrics \
		--output "$open/evidence.json"
	cp "$open/evidence.json" "$work/evidence.json"
}
cp -R "$bot" "$open/bot"
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$open/bot"
locked "$open/bot" 0 live
check "one that is ours is read" is git_safety pass
for each in bot/.git bot/.git/HEAD bot/.git/objects bot/.git/index bot; do
	mode=$(stat -c %a "$open/$each")
	chmod 000 "$open/$each"
	locked "$open/bot" 1 live
	check "mode 000 of $each fails" is git_safety fail
	locked "$open/bot" 0 paper
	check "and warns in paper" is git_safety warn
	chmod "$mode" "$open/$each"
done
as_nobody mkdir "$open/bot/shut"
as_nobody sh -c "echo x >$open/bot/shut/new.py; chmod 000 $open/bot/shut"
locked "$open/bot" 1 live
check "a directory that cannot be looked into is not clean" is git_safety fail 'shut'
chmod 700 "$open/bot/shut"  # or an ordinary user's cleanup cannot remove it

# Somebody else's.
mkdir "$work/bin"
fake_git() {  # its text on standard input
	cat >"$work/bin/git"
	chmod 755 "$work/bin/git"
}
fake_git <<-END
	#!/bin/sh
	GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "$real_git" "\$@"
END
foreign() { PATH=$work/bin:$PATH safety "$@"; }
foreign 1 live
check "another user's repository fails" is git_safety fail 'dubious ownership'
check "with who is to look at it" hinted git_safety 'as the user whose'
check "and no way around" not grep -q 'safe.directory' "$work/evidence.json"
git config --global safe.directory "$bot"
foreign 0 live
check "who says that it is safe has it read" is git_safety pass
rm "$HOME/.gitconfig"

# Where there is none -------------------------------------------------

rm -rf "$bot/.git"
safety 1 live
check "where live was told to look there must be one" is git_safety fail "no repository in '$bot' or above"
safety 1 paper
check "in paper it is left out" is git_safety skip "no repository in '$bot' or above"
here_alone() {
	run 1 sh -c 'cd "$1" && shift && exec "$@"' sh "$bot" "$preflight" --env live --check git_safety \
		--output "$work/evidence.json"
}
here_alone
check "also in live, where it was not told" is git_safety skip 'no repository'
git_bot init --bare "$work/bare.git"
safety 1 live --git.directory "$work/bare.git"
check "a bare repository is no working tree" is git_safety fail 'no repository'
safety 1 live --git.directory "$work/gone"
check "nor is a directory that is not there" is git_safety fail 'No such file'
safety 0 paper --git.directory "$work/gone"
check "which is a warning in paper" is git_safety warn 'No such file'
git_bot init
safety 1 live
check "without a commit it fails" is git_safety fail 'no commit yet'

# What would be run ---------------------------------------------------

ran=$work/ran
cat >"$work/trap" <<-END
	#!/bin/sh
	touch "$ran"
	exec cat
END
chmod 755 "$work/trap"
# Files that git has to read again, since it cannot tell whether they changed.
touch_all() { find "$bot" -name '*.py' -exec touch -d 2020-01-01 '{}' +; }
# harmless DESCRIPTION: git runs it, and we do not.
harmless() {
	rm -f "$ran"
	cp -R "$bot" "$work/copy"
	touch_all
	timeout 20 git -C "$bot" status >"$work/git.out" 2>&1
	check "git runs $1" test -e "$ran"
	rm -rf "$bot" "$ran"
	mv "$work/copy" "$bot"
	touch_all
	safety 0 paper
	refute "preflight does not run $1" test -e "$ran"
	safety "${2-1}" live
	refute "nor in live" test -e "$ran"
}
make_repository
git_bot config core.fsmonitor "$work/trap"
harmless core.fsmonitor 0
check "the rest is as ever" is git_safety pass 'clean, at commit'
for each in clean process; do
	make_repository
	git_bot config "filter.trap.$each" "$work/trap"
	echo '*.py filter=trap' >"$bot/.git/info/attributes"
	harmless "filter.*.$each of info/attributes" 0
done
make_repository
echo '*.py filter=trap' >"$bot/.gitattributes"
git_bot add .gitattributes
git_bot commit -m attributes
git_bot config filter.trap.required true
git_bot config filter.trap.clean "$work/trap"
harmless "a filter that is required" 0
git_bot config --unset-all filter.trap.clean
printf '[filter "trap"]\n\tclean = %s\n' "$work/trap" >"$work/included"
git_bot config include.path "$work/included"
harmless "a filter of an included file" 0
git_bot config --unset-all include.path
git_bot config "includeIf.gitdir:$work/**.path" "$work/included"
harmless "a filter that is included for this directory" 0
git_bot config --remove-section "includeIf.gitdir:$work/**"
cp "$work/included" "$HOME/.gitconfig"
harmless "a filter of the user's" 0
rm "$HOME/.gitconfig"
# As with Git LFS: what is committed is not what is in the working tree.
make_repository
git_bot config filter.upper.clean 'tr a-z A-Z'
echo '*.py filter=upper' >"$bot/.gitattributes"
git_bot add .gitattributes
git_bot add --renormalize .
git_bot commit -m filtered
touch_all
git_in "$bot" status
safety 0 live
check "a filtered file that the index knows unchanged passes" is git_safety pass
touch -d 2021-01-01 "$bot/bot.py"
safety 1 live
check "one that is newer differs, because its filter is not run" is git_safety fail 'not as committed: bot.py'
git_in "$bot" status
safety 0 live
check "until git status has looked at it" is git_safety pass
make_repository
git_bot config filter.last.clean "$work/trap"
i=0
while [ "$i" -lt 70 ]; do
	printf '[filter "f%s"]\n\tclean = %s\n' "$i" "$work/trap"
	i=$((i + 1))
done >"$work/filters"
settings <"$work/filters"
check "git knows all of them" test "$(git -C "$bot" config --get-regexp '^filter\..*\.clean$' | wc -l)" -eq 71
rm -f "$ran"
safety 1 live
check "more filters than can be switched off are a failure" is git_safety fail 'too many filters'
refute "and none is run" test -e "$ran"
make_repository
printf '#!/bin/sh\ntouch "%s"\n' "$ran" >"$bot/.git/hooks/post-index-change"
chmod 755 "$bot/.git/hooks/post-index-change"
harmless "a hook" 0
index() { sha256sum "$bot/.git/index"; }
touch_all
before=$(index)
safety 0 live
check "the index is not written" test "$(index)" = "$before"
make_repository
git_bot rev-parse HEAD:bot.py 'HEAD^{tree}'
while read -r object; do
	rm -f "$bot/.git/objects/${object%"${object#??}"}/${object#??}"
done <"$work/git.out"
settings <<-END
	[core]
		repositoryFormatVersion = 1
	[extensions]
		partialClone = origin
	[remote "origin"]
		promisor = true
		url = ext::$work/transport
	[protocol "ext"]
		allow = always
END
printf '#!/bin/sh\ntouch "%s"\nexit 1\n' "$ran" >"$work/transport"
chmod 755 "$work/transport"
harmless "what fetches the rest of a partial clone"
git_bot config remote.origin.url "ssh://bot@127.0.0.1/bot"
git_bot config core.sshCommand "$work/transport"
harmless core.sshCommand
make_submodule
git_in "$bot/sub" config core.fsmonitor "$work/trap"
harmless "core.fsmonitor of a submodule" 0
make_submodule
git_in "$bot/sub" config filter.trap.clean "$work/trap"
echo '*.py filter=trap' >"$work/attributes"
git_in "$bot/sub" config core.attributesFile "$work/attributes"
harmless "a filter of a submodule" 0
make_repository
settings <<-END
	[core]
		pager = $work/trap
		editor = $work/trap
		askPass = $work/trap
		alternateRefsCommand = $work/trap
		hooksPath = $work
	[diff]
		external = $work/trap
	[diff "trap"]
		textconv = $work/trap
	[credential]
		helper = $work/trap
	[gpg]
		program = $work/trap
	[uploadpack]
		packObjectsHook = $work/trap
END
for each in status ls-files for-each-ref rev-parse; do
	printf '[alias]\n\t%s = !%s\n[pager]\n\t%s = %s\n' "$each" "$work/trap" "$each" "$work/trap"
	cp "$work/trap" "$work/bin/git-$each"
done >"$work/aliases"
settings <"$work/aliases"
check "git knows all of them" test "$(git -C "$bot" config --get-regexp . "^!?$work" | wc -l)" -eq 18
echo '*.py diff=trap' >"$bot/.git/info/attributes"
rm -f "$ran" "$work/bin/git"
touch_all
PATH=$work/bin:$PATH safety 0 live
check "other programs that a repository can name do not matter" is git_safety pass
refute "and is not run" test -e "$ran"
rm "$work/bin"/git-*

# git itself ----------------------------------------------------------

make_repository
without_git() { run 1 env PATH="$1" "$preflight" --env live --check git_safety --git.directory "$bot" --output "$work/evidence.json"; }
without_git /nonexistent
check "without git it fails" is git_safety fail 'cannot start git'
check "and there is a way to leave it out" hinted git_safety '--skip git_safety'
echo 'no program' >"$work/bin/git"
chmod 755 "$work/bin/git"
without_git "$work/bin"
check "so does one that is no program" is git_safety fail 'cannot start git'
printf '#!/bin/sh\ntouch "%s"\n' "$ran" >"$bot/git"
chmod 755 "$bot/git"
rm -f "$ran"
for path in '' . : ":$PATH" "$PATH:" ".:$PATH"; do
	run 1 sh -c 'cd "$1" && PATH=$2 && shift 2 && exec "$@"' sh "$bot" "$path" "$preflight" --env live --check git_safety \
		--output "$work/evidence.json"
	refute "with PATH='$path' a git of the working tree is not run" test -e "$ran"
done
make_repository
fake_git <<-END
	#!$PYTHON
	import os, sys
	with open('$work/fds', 'a') as file:
	    for fd in range(3, 1024):
	        if fd != file.fileno() and os.path.exists(f'/proc/self/fd/{fd}'):
	            print(fd, file=file)
	os.execv('$real_git', ['git'] + sys.argv[1:])
END
# Six of python start, for which a busy machine needs longer than the check has.
PATH=$work/bin:$PATH safety 0 live --timeout 60s --check.timeout 60s 9>"$work/nine"
check "nothing that we have open is git's" test ! -s "$work/fds" -a -e "$work/fds"
fake_git <<-'END'
	#!/bin/sh
	kill -9 $$
END
PATH=$work/bin:$PATH safety 1 live
check "one that is killed is a failure" is git_safety fail 'ended by a signal'

pids=$work/git.pids
fake_git <<-END
	#!/bin/sh
	echo \$\$ >>"$pids"
	exec sleep 4242
END
gone() {  # those in $pids are
	while read -r each; do
		! grep -q 4242 "/proc/$each/cmdline" 2>/dev/null || return 1
	done <"$pids"
}
PATH=$work/bin:$PATH safety 1 live --check.timeout 300ms
check "a git that hangs is killed" is git_safety fail 'did not end in time'
check "all of them" gone
for signal in TERM INT KILL; do
	: >"$pids"
	# A shell's background process would ignore SIGINT.
	PATH=$work/bin:$PATH spawn hanging "$PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$preflight" --env live --check git_safety --git.directory "$bot" --check.timeout 60s --timeout 60s
	await 60 grep -q . "$pids"
	kill -"$signal" "$SPAWNED"
	wait "$SPAWNED" 2>/dev/null
	check "SIG$signal leaves no git behind" await 60 gone
done
finish
