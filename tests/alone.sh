#!/bin/sh
# alone.sh TEST [ARG...] - runs one test for at most ten minutes (or FELL_TEST_SECONDS), with a temporary
# folder of its own that goes away with it: what a test that failed or was killed leaves is not in the way of
# another, whose process may get the same number. A test that hangs fails, and the suite goes on.
own=$(mktemp -d "${TMPDIR:-/tmp}/fell-test-XXXXXX") || exit 99
trap 'rm -rf "$own"' EXIT
chmod 711 "$own" # tests of what others may do are others there
TMPDIR=$own
export TMPDIR
timeout -v -k 10 "${FELL_TEST_SECONDS:-600}" "$@"
