#!/bin/sh
# The short form of tests/soak.sh: 10 kills of workers and runners over a sweep of 1,000 trials.
. "$srcdir/tests/cli/lib.sh"
bash "$srcdir/tests/soak.sh" 10 1000 || fail "see above"
