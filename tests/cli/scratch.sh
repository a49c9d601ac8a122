#!/bin/sh
# Commands that train a run again to have its weights keep them in a folder that goes with the command: when it ends by
# itself, by a signal, and when it is killed.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what a killed command leaves"
. "$srcdir/tests/cli/crash_lib.sh"
crasher_spec slow.yaml dawdle 'train: {epochs: 8, batch_size: 0}'
expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db f.db
mkdir tmp
TMPDIR=$PWD/tmp
export TMPDIR

# empty: within a while tmp/ holds nothing.
empty() {
    for _ in $(seq 100); do
        [ -n "$(ls -A tmp)" ] || return 0
        sleep 0.05
    done
    fail "$1 left $(find tmp)"
}
for command in "export 1 --safetensors out.st" "prune 1 --share 0.5 -o out.st" "predict 1 --split train -o out.st"; do
    for signal in KILL TERM; do
        # shellcheck disable=SC2086 # words
        "$FELL" $command --plugin ./crasher.so --db f.db >out 2>err &
        asked=$!
        for _ in $(seq 200); do
            [ -z "$(ls -A tmp)" ] || break
            sleep 0.01
        done
        [ -n "$(ls -A tmp)" ] || fail "fell $command made no folder: it is not known what it would leave"
        kill -$signal $asked
        wait $asked || :
        empty "fell $command with SIG$signal"
    done
done
find . -name '*out.st*' >left
expect_empty left
expect_exit 0 "$FELL" predict 1 --split train --plugin ./crasher.so --db f.db
empty "an ordinary end"
TMPDIR=/nowhere expect_exit 1 "$FELL" export 1 --safetensors out.st --plugin ./crasher.so --db f.db
expect_text err "no temporary folder in '/nowhere'"
