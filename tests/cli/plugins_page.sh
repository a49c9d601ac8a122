#!/bin/sh
# Every example of docs/plugins.md, run as a reader would; what it says of a wrong slope is what
# the check says.
. "$srcdir/tests/cli/lib.sh"
page=$srcdir/docs/plugins.md
examples_of "$page"
for name in swish pinball scale_shift sign_momentum; do
    expect_sql results/fell.db 1 "SELECT count(*) > 0 AND min(verdict) = 'passed' FROM plugins WHERE name = '$name'"
done
expect_sql results/fell.db '4|finished' "SELECT count(*), max(status) FROM runs"
shown=$(grep "gradient  .*FAILED" "$page")
expect_text wrong.txt "swish" "gradient" "FAILED"
[ "$(grep gradient wrong.txt)" = "$shown" ] || fail "the page shows '$shown', the check said '$(grep gradient wrong.txt)'"
