#!/bin/sh
# The short form of tests/soak.sh: 10 kills of workers and runners over a sweep of 200 trials.
. "$srcdir/tests/cli/lib.sh"
bash "$srcdir/tests/soak.sh" 10 200 || fail "see above"
