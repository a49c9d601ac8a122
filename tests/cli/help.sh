#!/bin/sh
# The help: every command is listed and explained, mistakes are answered with what is near.
. "${srcdir:-.}/tests/cli/lib.sh"
once "the help"
commands="run submit retry check plan watch report runs show best compare merge collect verify replay export explain plugin"

expect_exit 0 "$FELL" --help
expect_empty err
cp out overview
for c in $commands; do
    grep -q "^  $c  " overview || fail "'fell --help' does not list $c"
    expect_exit 0 "$FELL" "$c" --help
    expect_empty err
    expect_text out "Usage: fell $c [OPTION...]" "Examples:" "  fell $c"
    mv out long
    expect_exit 0 "$FELL" help "$c"
    cmp -s out long || fail "'fell help $c' and 'fell $c --help' differ"
    expect_exit 0 "$FELL" "$c" -h
    cmp -s out long || fail "'fell $c -h' and 'fell $c --help' differ"
done
for c in worker probe-plugin; do
    ! grep -q "^  $c " overview || fail "'fell --help' lists $c"
done
expect_exit 0 "$FELL" help
cmp -s out overview || fail "'fell help' and 'fell --help' differ"
awk 'length > 100 { exit 1 }' overview || fail "a line of 'fell --help' is longer than 100 columns"

expect_exit 0 "$FELL" --version
grep -Eqx 'fell [0-9]+\.[0-9]+\.[0-9]+' out || fail "'fell --version' says: $(cat out)"

# Every option named in an example is one of its command.
for c in $commands; do
    "$FELL" help "$c" >long
    sed -n '/^Examples:/,$p' long | grep -o -e "^  fell $c .*" | tr ' ' '\n' | sed -n 's/^\(--[a-z]*\).*/\1/p' >used
    while read -r option; do
        grep -q -e "$option" long || fail "an example of $c uses $option"
    done <used
done

expect_exit 2 "$FELL"
expect_exit 2 "$FELL" rnu spec.yaml
expect_text err "no command 'rnu'; did you mean 'run'?"
expect_exit 2 "$FELL" frobnicate
expect_text err "no command 'frobnicate'; 'fell help' lists them"
expect_exit 2 "$FELL" help shwo
expect_text err "no command 'shwo'; did you mean 'show'?"
expect_exit 2 "$FELL" help worker
expect_exit 2 "$FELL" --db x runs
expect_text err "'--db' stands before the command"

expect_exit 2 "$FELL" run spec.yaml --jbos 3
expect_text err "'fell run' has no option '--jbos'; did you mean '--jobs'?"
expect_exit 2 "$FELL" show 1 --limt=3
expect_text err "'fell show' has no option '--limt'; did you mean '--limit'?"
expect_exit 2 "$FELL" run spec.yaml --train.epochs=3
expect_text err "settings are written without dashes: train.epochs=VALUE"
expect_exit 2 "$FELL" check spec.yaml --safetensors x
expect_text err "'fell check' has no option '--safetensors'"
expect_exit 2 "$FELL" run
expect_text err "SPEC is missing"
expect_exit 2 "$FELL" compare 1
expect_text err "RUN is missing"
expect_exit 2 "$FELL" show 1 2
expect_text err "'2' is one argument too many"
expect_exit 2 "$FELL" runs --limit many
expect_text err "--limit: 'many' is not a whole number"
for n in 0 -1 1025 2.5 x ''; do
    expect_exit 2 "$FELL" run spec.yaml --jobs="$n"
    expect_text err "--jobs: '$n' is not a whole number from 1 to 1024"
done
expect_exit 2 "$FELL" runs --db
expect_text err "option '--db' requires an argument"
[ ! -e results ] || fail "a mistake on the command line made a folder"
