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

# The documents: also of a net that is deeper, and of one that looks at images.
model() {
    printf 'seed: 1\ndata: {source: {csv: {path: %s/data/digits.csv, target: target}}, transforms: [{scale: {factor: 0.0625}}]}\n' \
        "$configs"
    printf 'loss: cross_entropy\noptimizer: {adam: {lr: 0.01}}\ntrain: {epochs: 2, batch_size: 64}\nmodel:\n'
    printf '  - %s\n' "$@"
}
model 'dense: {units: 48, activation: relu}' 'dense: {units: 24, activation: relu}' 'dense: {units: 10}' >deep.yaml
model 'reshape: {shape: [1, 8, 8]}' 'conv2d: {filters: 3, kernel: 3, activation: relu}' 'max_pool2d: {kernel: 2}' 'dense: {units: 10}' >cnn.yaml
expect_exit 0 "$FELL" explain "$configs/xor.yaml" --html -o xor-page.html
expect_exit 0 "$FELL" explain "$configs/iris.yaml" --html -o iris-page.html --epoch 2 --contour random
expect_exit 0 "$FELL" explain deep.yaml --html -o deep-page.html --contour 'dense2.weight[0,0]'
expect_exit 0 "$FELL" explain cnn.yaml --html -o cnn-page.html
node "$srcdir/tests/browser/pages.js" document ./*-page.html || fail 'an HTML document'

if [ -d "$FELL_NODE/html-validate" ]; then
    "$FELL_NODE/.bin/html-validate" --config "$srcdir/tests/browser/htmlvalidate.json" ./*.html >log ||
        fail "a page is no valid HTML: $(cat log)"
fi
