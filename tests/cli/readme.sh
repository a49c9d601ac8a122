#!/bin/sh
# Every example of the README, run as a reader would.
. "$srcdir/tests/cli/lib.sh"
examples_of "$srcdir/README.md"
test -s first.yaml && test -s swish.c
test "$(grep -c '^fell' examples.sh)" -ge 8
expect_sql results/fell.db 0 "SELECT count(*) FROM runs WHERE status NOT IN ('finished', 'stopped')"
expect_sql results/fell.db 'passed' "SELECT verdict FROM plugins WHERE name = 'swish'"
