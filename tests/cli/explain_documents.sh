#!/bin/sh
# fell explain writes its Markdown for five nets: all ten parts and the glossary are there, Mermaid's
# own parser reads every diagram and KaTeX every equation, and every link has a target.
. "${srcdir:-.}/tests/cli/lib.sh"
configs=$srcdir/configs

write() {
    name=$1
    shift
    expect_exit 0 "$FELL" explain "$@" -o "$name.md"
    expect_empty out
    expect_empty err
    grep '^## ' "$name.md" >headings
    diff - headings <<'END' || fail "the parts of $name.md"
## 1. The story in two paragraphs
## 2. The net
## 3. Forward pass
## 4. The ouch moment
## 5. Backpropagation
## 6. Partial derivative
## 7. The chain rule
## 8. The landscape
## 9. Gradient descent
## 10. The cycle of learning
## Glossary
END
    # Terms that are used are in the glossary, and no others.
    grep -o '](#term-[a-z-]*)' "$name.md" | sed 's/](#//; s/)//' | sort -u >used
    grep -o '<a id="term-[a-z-]*">' "$name.md" | sed 's/<a id="//; s/">//' | sort >defined
    diff used defined || fail "the glossary of $name.md"
    # What stands for a number that is none.
    ! grep -nwiE 'nan|inf|null' "$name.md" || fail "$name.md has a number that is none"
}

cp -r "$srcdir/tests/reference/trajectories" nets
write xor "$configs/xor.yaml" --contour 'hidden.bias[3]'
write iris "$configs/iris.yaml" --sample 70 --weight 'hidden.weight[15,2]' --epoch 1
write cat-or-dog "$configs/cat-or-dog.yaml"
write digits "$configs/digits.yaml" --contour random train.epochs=2
write cnn nets/digits-cnn.yaml

# Deep enough for many ways: 64-48-24-10.
cat >deep.yaml <<END
seed: 1
data: {source: {csv: {path: "$configs/data/digits.csv", target: target}}, validation: 0.1, transforms: [{scale: {factor: 0.0625}}]}
model:
  - dense: {units: 48, activation: relu}
  - dense: {units: 24, activation: tanh}
  - dense: {units: 10}
loss: cross_entropy
optimizer: {adam: {lr: 0.003}}
train: {epochs: 2, batch_size: 32}
END
write deep deep.yaml --weight 'dense1.weight[0,3]'
says() {
    file=$1
    shift
    for text; do
        grep -qF -e "$text" "$file" || fail "$file does not say $text"
    done
}
says deep.md '64 numbers' '48 neurons<br>relu' '24 neurons<br>tanh' '10 neurons' 'ways to reach the loss' 'the other'
says cat-or-dog.md '30 % cat, 70 % dog' 'is labelled **cat**' 'made up for this project' \
    'falls as far as its right edge' 'hear of the loss about as well as the last. Nothing vanishes and nothing explodes'
says digits.md '*in bold: the loss now; here are 9 × 9 of 25 × 25 points'
says xor.md 'Measured and backpropagated slope agree.' 'the chain rule and backpropagation say the same.'
# Only what is drawn is spoken of: here no line is a weight, and boxes are layers.
hides() {
    file=$1
    shift
    for text; do
        ! grep -qF -e "$text" "$file" || fail "$file says $text"
    done
}
says iris.md 'Each line is a [weight]' 'The dashed line' 'With g for the gradient'
hides iris.md 'A box is'
hides cat-or-dog.md 'With g for the gradient'
says cnn.md 'A box is a whole layer' 'Its doc says, with g for the gradient: `w -= lr weight_decay w' 'By its doc: `[C,H,W] becomes'
hides cnn.md 'line is a [weight]' 'The dashed line' 'coloured lines' '….'
says cnn.md 'by the own backward pass of `conv2d`' '6 × 8 × 8'

# Where gradients vanish or explode, by the layers' numbers: typical entries, the first layer's last.
layers() {
    activation=$1 std=$2
    printf 'seed: 1\ndata: {source: {csv: {path: "%s", target: target}}, transforms: [{scale: {factor: 0.0625}}]}\n' "$configs/data/digits.csv"
    echo 'model:'
    for name in a b c d e; do
        printf '  - dense: {units: 24, activation: %s, init: {weight: {normal: {std: %s}}}, name: %s}\n' "$activation" "$std" $name
    done
    printf '  - dense: {units: 10, name: output, init: {weight: {normal: {std: %s}}}}\n' "${3:-0.1}"
    echo 'loss: cross_entropy
optimizer: {sgd: {lr: 0.001}}
train: {epochs: 1}'
}
layers sigmoid 0.2 >vanishing.yaml
write vanishing vanishing.yaml --weight 'a.weight[0,3]'
says vanishing.md 'the gradient **vanishes** on its way back' 'The largest step is from `' 'times smaller.' \
    'All of them, from the loss back: `output.weight` '
hides vanishing.md 'Nothing vanishes'
layers tanh 0.2 1000 >exploding.yaml
write exploding exploding.yaml --weight 'a.weight[0,3]'
says exploding.md 'the gradient **explodes** on its way back' 'times larger.'
hides exploding.md 'Nothing vanishes' 'neither vanishes'
layers relu 1 1 >large.yaml
write large large.yaml --weight 'a.weight[0,3]'
says large.md 'The whole gradient has the norm' 'an [exploding gradient]'
hides large.md 'Nothing vanishes'

# One parameter is spoken of as one.
printf 'a,target\n0.5,1\n1,2\n2,3\n' >one.csv
cat >one.yaml <<'END'
seed: 3
data: {source: {csv: {path: one.csv, target: target}}}
model: [{dense: {units: 1, bias: false}}]
loss: mse
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 5, batch_size: 1}
END
write one one.yaml
says one.md 'With the 1 [parameter]' 'The parameter had a hand in it' 'a [batch](#term-batch) of 1 row,'
hides one.md 'All 1' '0 others' 'Dotted lines' '1 [parameters]' 'only `dense1'

# docs/backpropagation.md is the page of cat-or-dog as it is written today.
cmp cat-or-dog.md "$srcdir/docs/backpropagation.md" ||
    fail "docs/backpropagation.md is stale: fell explain configs/cat-or-dog.yaml -o docs/backpropagation.md"

[ -d "${FELL_NODE-}/mermaid" ] && command -v node >/dev/null || exit 77
node "$srcdir/tests/browser/documents.js" ./*.md >log 2>&1 || fail "$(cat log)"

# The pictures as slides: as many as the document has, each whole by itself, in plain colours.
expect_exit 0 "$FELL" explain "$srcdir/configs/xor.yaml" --html -o slides.html
expect_exit 0 "$FELL" explain "$srcdir/configs/xor.yaml" --svg slides
pictures=$(grep -c '<figure>' slides.html)
expect_text out "$pictures slides are in 'slides'"
[ "$(grep -l '^<svg xmlns="http://www.w3.org/2000/svg"' slides/*.svg | wc -l)" = "$pictures" ] || fail "not $pictures slides: $(ls slides)"
grep -q 'var(\|color-mix\|href=' slides/*.svg && fail "a slide needs something else"
grep -q '<text .*>3\. Forward' slides/*forward*.svg || fail "a slide without its heading"
# What names say stays as it is.
printf 'var(x),color-mix(,var(,y\n1,0,1,1\n0,1,0,2\n1,1,1,3\n0,0,1,4\n' >names.csv
printf 'seed: 1\ndata: {source: {csv: {path: names.csv, target: y}}}\nmodel: [{dense: {units: 1}}]\nloss: mse\noptimizer: sgd\ntrain: {epochs: 1}\n' >names.yaml
expect_exit 0 "$FELL" explain names.yaml --svg names
for name in 'var(x)' 'color-mix(' '>var('; do
    grep -qF "$name" names/*.svg || fail "no slide says $name"
done
expect_exit 2 "$FELL" explain "$srcdir/configs/xor.yaml" --svg slides --html
expect_exit 1 "$FELL" explain "$srcdir/configs/xor.yaml" --svg slides.html
expect_text err "slides.html"
