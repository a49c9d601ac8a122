#!/bin/sh
# The HTML pages of fell explain in a real browser: nothing on its console, no request to the
# network, nothing wider than the window; the interactive page's sliders and buttons work, and a
# step in it is a step of the program.
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "${FELL_NODE-}/playwright-core" ] && [ -x "${FELL_CHROMIUM:-/usr/bin/chromium}" ] && command -v node >/dev/null || exit 77
configs=$srcdir/configs

interactive() {
    name=$1
    shift
    expect_exit 0 "$FELL" explain "$@" --interactive -o "$name.html"
}

interactive xor "$configs/xor.yaml"
expect_exit 0 "$FELL" run "$configs/xor.yaml" --quiet --db fell.db train.epochs=13 'record.gradients={step: 1}'
sqlite3 -bail fell.db "SELECT json_group_array(json_object('loss', loss)) FROM (SELECT loss FROM steps ORDER BY step)" >record
node "$srcdir/tests/browser/pages.js" interactive xor.html record || fail 'the interactive page of xor'

interactive iris "$configs/iris.yaml" --epoch 3 --weight 'output.weight[1,2]'
interactive digits "$configs/digits.yaml" --sample 5
node "$srcdir/tests/browser/pages.js" opens iris.html digits.html || fail 'an interactive page'

if [ -d "$FELL_NODE/html-validate" ]; then
    "$FELL_NODE/.bin/html-validate" --config "$srcdir/tests/browser/htmlvalidate.json" ./*.html >log ||
        fail "a page is no valid HTML: $(cat log)"
fi
