#!/bin/sh
# A folder that came with a .git: the commit is read, and nothing is run that its configuration, its attributes or its
# submodules name; where git could be made to run something, it is not known whether the tree has changes.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what git is asked"
git --version >/dev/null 2>&1 || exit 77
GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
cat >ran.sh <<'END'
#!/bin/sh
touch "${0%/*}/ran"
exec cat
END
chmod +x ran.sh
write_spec spec.yaml

# tree NAME: a repository with a commit, and a tracked file whose time is not the one that git has noted.
tree() {
    mkdir "$1"
    git -C "$1" init -q
    cp spec.yaml "$1"
    echo '* filter=evil' >"$1/.gitattributes"
    git -C "$1" add .
    git -C "$1" commit -q -m m
    sleep 0.01
    touch "$1/spec.yaml"
}
# recorded NAME DIRTY: its run has the commit, DIRTY, and nothing ran.
recorded() {
    rm -f ran
    expect_exit 0 "$FELL" run "$1/spec.yaml" --quiet --db "$1.db"
    [ ! -e ran ] || fail "$1: code of the repository ran"
    expect_sql "$1.db" "$(git -C "$1" rev-parse HEAD)|$2" "SELECT git_commit, git_dirty FROM experiments"
}

tree plain
recorded plain 0
tree changed
echo '# more' >>changed/spec.yaml
recorded changed 1

# evil KEY VALUE: and it would run, which is tried.
evil() {
    tree "$1"
    (cd "$1" && git config "$1" "$2")
    recorded "$1" ""
}
evil filter.evil.clean "$PWD/ran.sh"
(cd filter.evil.clean && git status >/dev/null)
[ -e ran ] || fail "the filter does not run in git either: the test is of no use"
evil filter.evil.process "$PWD/ran.sh"
evil core.fsmonitor "$PWD/ran.sh"
evil include.path ../../more
evil core.hooksPath "$PWD"
evil core.worktree "$PWD/plain"
evil extensions.partialClone origin
evil remote.origin.uploadpack "$PWD/ran.sh"

# Written as git does not write it.
tree odd
printf '[core] fsmonitor = %s/ran.sh\n' "$PWD" >>odd/.git/config
recorded odd ""
tree longer
printf '[user]\n\tname = a\\\n[core]\n\tfsmonitor = %s/ran.sh\n' "$PWD" >>longer/.git/config
recorded longer ""

# A hook of the repository, and a submodule with a filter of its own.
tree hook
cp ran.sh hook/.git/hooks/post-index-change
recorded hook 0
tree whole
git -C whole -c protocol.file.allow=always submodule --quiet add "$PWD/plain" part
git -C whole commit -q -m part
git -C whole/part config filter.evil.clean "$PWD/ran.sh"
sleep 0.01
touch whole/part/spec.yaml
git -C whole config --remove-section submodule.part
recorded whole 0

# .git that is none: the repository above it is not asked instead.
tree outer
mkdir outer/inner outer/inner/.git
printf '[core]\n\tbare = false\n' >outer/inner/.git/config
cp spec.yaml outer/inner
expect_exit 0 "$FELL" run outer/inner/spec.yaml --quiet --db inner.db
expect_sql inner.db "1|1" "SELECT git_commit IS NULL, git_dirty IS NULL FROM experiments"
