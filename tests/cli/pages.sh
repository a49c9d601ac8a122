#!/bin/sh
# The HTML pages of fell explain in a real browser: nothing on its console, no request to the
# network, nothing wider than the window; the interactive page's sliders and buttons work, and a
# step in it is a step of the program.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what a browser makes of the pages"
for needed in "${FELL_NODE:-}/playwright-core" "${FELL_CHROMIUM:-/usr/bin/chromium}" "${FELL_NODE:-}/html-validate"; do
    [ -e "$needed" ] || {
        echo "skipped: there is no $needed (./bootstrap --tests)"
        exit 77
    }
done
command -v node >/dev/null || {
    echo 'skipped: there is no node (./bootstrap --tests)'
    exit 77
}
configs=$srcdir/configs

# page HOW NAME SPEC [ARGUMENT...]: of 12 steps at least, with the losses that the program records.
page() {
    how=$1 name=$2 spec=$3
    shift 3
    expect_exit 0 "$FELL" explain "$spec" --interactive -o "$name.html" "$@"
    rm -f fell.db*
    expect_exit 0 "$FELL" run "$spec" --quiet --db fell.db "train.epochs=${epochs:?}" 'record.gradients={step: 1}'
    sqlite3 -bail fell.db "SELECT json_group_array(json_object('loss', loss)) FROM (SELECT loss FROM steps WHERE run_id = 1
        ORDER BY step)" >record
    node "$srcdir/tests/browser/pages.js" "$how" "$name.html" record || fail "the interactive page of $name"
}
epochs=13 page interactive xor "$configs/xor.yaml"
epochs=2 page steps iris "$configs/iris.yaml" --weight 'output.weight[1,2]'
epochs=2 page steps cat-or-dog "$configs/cat-or-dog.yaml"

# A net of the size of digits, without what the page leaves out (dropout, a schedule).
cat >digits.yaml <<END
seed: 1
data: {source: {csv: {path: "$configs/data/digits.csv", target: target}}, validation: 0.5, transforms: [{scale: {factor: 0.0625}}]}
model:
  - dense: {units: 48, activation: relu}
  - dense: {units: 24, activation: tanh}
  - dense: {units: 10}
loss: cross_entropy
optimizer: {adam: {lr: 0.003}}
train: {epochs: 2, batch_size: 64}
END
epochs=1 page steps digits digits.yaml --sample 5 --weight 'dense2.weight[3,1]'

# The documents: of these nets, and of one that looks at images.
document() {
    name=$1
    shift
    expect_exit 0 "$FELL" explain "$@" --html -o "$name-page.html"
    expect_empty err
}
document xor "$configs/xor.yaml" --contour 'hidden.bias[3]'
document iris "$configs/iris.yaml" --epoch 2 --contour random
document cat-or-dog "$configs/cat-or-dog.yaml"
document digits digits.yaml --contour 'dense2.weight[0,0]'
document deep "$configs/vanishing.yaml" train.epochs=1
document cnn "$srcdir/tests/reference/trajectories/digits-cnn.yaml"
node "$srcdir/tests/browser/pages.js" document ./*-page.html || fail 'an HTML document'

"$FELL_NODE/.bin/html-validate" --config "$srcdir/tests/browser/htmlvalidate.json" ./*.html >log ||
    fail "a page is no valid HTML: $(cat log)"

# The pictures in docs/images can be made anew, all of them.
mkdir pictures
expect_exit 0 sh "$srcdir/docs/images/make.sh" pictures
for picture in "$srcdir"/docs/images/*.png; do
    [ -s "pictures/${picture##*/}" ] || fail "make.sh does not make $picture"
done
