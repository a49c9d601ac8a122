#!/bin/sh
# Wrong specs and wrong data: for every tests/bad/NAME.yaml the exact text of NAME.expected on
# standard error, from fell check and from fell run, exit status 2, and no experiment in
# the database. NAME.exit says 1 where only training can find what is wrong.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$srcdir/tests/bad"

failed=0 n=0
wrong() {
    printf 'FAILED: tests/bad/%s: %s\n' "$name" "$*" >&2
    failed=$((failed + 1))
}
# tried COMMAND STATUS EXPECTED WORDS...
tried() {
    command=$1 wanted=$2 expected=$3 got=0
    shift 3
    "$FELL" "$command" "$@" >"$scratch/out" 2>"$scratch/err" || got=$?
    [ "$got" = "$wanted" ] || wrong "fell $command ended with $got, not $wanted"
    diff -u "$expected" "$scratch/err" >"$scratch/diff" || {
        wrong "fell $command says something else:"
        cat "$scratch/diff" >&2
    }
    [ "$wanted" != 2 ] || [ ! -s "$scratch/out" ] || wrong "fell $command printed: $(cat "$scratch/out")"
}
for spec in *.yaml; do
    name=${spec%.yaml}
    [ -f "$name.expected" ] || continue    # a file that another spec names
    n=$((n + 1))
    db=$scratch/$name.db
    if [ -f "$name.exit" ]; then
        tried check 0 /dev/null "$spec"
        tried run "$(cat "$name.exit")" "$name.expected" "$spec" --db "$db"
    else
        tried check 2 "$name.expected" "$spec"
        tried run 2 "$name.expected" "$spec" --db "$db"
        [ ! -f "$db" ] || [ "$(sqlite3 "$db" "SELECT count(*) FROM experiments")" = 0 ] ||
            wrong "an experiment was stored"
    fi
done
[ $n -ge 30 ] || fail "only $n kinds of bad specs and data"
[ $failed = 0 ] || fail "$failed times"
