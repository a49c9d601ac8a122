#!/bin/sh
# Every example of docs/plugins.md, run as a reader would; what it says of a wrong slope is what
# the check says.
. "$srcdir/tests/cli/lib.sh"
once "a page"
page=$srcdir/docs/plugins.md
examples_of "$page"
for name in swish pinball scale_shift sign_momentum; do
    expect_sql results/fell.db 1 "SELECT count(*) > 0 AND min(verdict) = 'passed' FROM plugins WHERE name = '$name'"
done
expect_sql results/fell.db '4|finished' "SELECT count(*), max(status) FROM runs"
# Columns are as wide as what stands in them: on a busy machine there may be a warning of denormals.
shown=$(grep "gradient  .*FAILED" "$page" | tr -s ' ')
expect_text wrong.txt "swish" "gradient" "FAILED"
said=$(grep gradient wrong.txt | tr -s ' ')
[ "$said" = "$shown" ] || fail "the page shows '$shown', the check said '$said'"
