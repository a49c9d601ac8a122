#!/bin/sh
# Every example of the README, run as a reader would.
. "$srcdir/tests/cli/lib.sh"
once "a page"
"$FELL" run "$srcdir/configs/xor.yaml" train.epochs=3 --quiet # in the place of quickstart's run
examples_of "$srcdir/README.md"
test -s first.yaml && test -s swish.c
test "$(grep -c '^fell' examples.sh)" -ge 8
expect_sql results/fell.db 0 "SELECT count(*) FROM runs WHERE status NOT IN ('finished', 'stopped')"
expect_sql results/fell.db 'first|faster' "SELECT (SELECT name FROM curves WHERE run = 2), (SELECT name FROM curves WHERE run = 3)"
expect_sql results/fell.db 'passed' "SELECT verdict FROM plugins WHERE name = 'swish'"
