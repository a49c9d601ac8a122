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
says deep.md '64 numbers' '48 neurons, relu' '24 neurons, tanh' '10 neurons' 'ways to reach the loss' 'the other'
says cat-or-dog.md '30 % cat, 70 % dog' 'is labelled **cat**'
says xor.md 'Measured and backpropagated slope agree.' 'the chain rule and backpropagation say the same.'
says cnn.md 'by the own backward pass of `conv2d`' '6 × 8 × 8'

# docs/backpropagation.md is the page of cat-or-dog as it is written today.
cmp cat-or-dog.md "$srcdir/docs/backpropagation.md" ||
    fail "docs/backpropagation.md is stale: fell explain configs/cat-or-dog.yaml -o docs/backpropagation.md"

[ -d "${FELL_NODE-}/mermaid" ] && command -v node >/dev/null || exit 77
node "$srcdir/tests/browser/documents.js" ./*.md >log 2>&1 || fail "$(cat log)"
