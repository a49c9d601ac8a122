#!/bin/sh
# The man page is what the program's own help says today, and formatters accept it.
. "${srcdir:-.}/tests/cli/lib.sh"
once "the man page"

expect_exit 0 "$FELL" --man
cp out fell.1
cmp fell.1 "$srcdir/docs/fell.1" || fail "docs/fell.1 is stale: fell --man >docs/fell.1"
"$FELL" --version >version
expect_text fell.1 "$(sed 's/fell \(.*\)/"Fellrunner \1"/' version)"
expect_text "$(dirname "$FELL")/fell.pc" "$(sed 's/fell/Version:/' version)"
for c in run retry check plan watch report runs show best compare merge verify replay export explain plugin; do
    expect_text fell.1 ".SS fell $c [OPTION...]"
done
if command -v groff >groff.path; then
    groff -man -ww -Tutf8 fell.1 >page 2>warnings || fail "groff: $(cat warnings)"
    expect_empty warnings
fi
if command -v mandoc >mandoc.path; then
    mandoc -T lint -W error fell.1 || fail "mandoc does not like fell.1"
fi
