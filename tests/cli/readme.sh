#!/bin/sh
# Every example of the README, run as a reader would: blocks whose first line names a
# file are saved under that name, `sh` blocks are executed in order.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir results bin
ln -s "$srcdir/configs" configs
ln -s "$srcdir/include" include
ln -s "$srcdir/results/queries" results/queries
ln -s "$FELL" bin/fell
PATH=$scratch/bin:$PATH

awk '
/^```/ && open { open = 0; if (out) close(out); next }
/^```(sh|yaml|c)$/ { open = 1; first = 1; lang = substr($0, 4); out = ""; next }
/^```/ { open = 2; out = ""; next }
open == 1 {
    if (first) {
        first = 0
        if (lang == "sh") out = "commands.sh"
        else if (match($0, /[a-z]+\.(yaml|c)/)) { out = substr($0, RSTART, RLENGTH); printf "" > out }
    }
    if (out) print >> out
}' "$srcdir/README.md"

test -s first.yaml && test -s swish.c
test "$(grep -c '^fell' commands.sh)" -ge 8
sh -eux commands.sh >log 2>&1 || { cat log; exit 1; }
test "$(sqlite3 results/fell.db "select count(*) from runs where status not in ('finished', 'stopped')")" = 0
test "$(sqlite3 results/fell.db "select count(*) from plugins where name = 'swish'")" = 1
