#!/bin/sh
# Words for numbers in a model: units: classes is units: 3, to the bit; fell plan shows it; what the data has not is told.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what words stand for"

cat >k.yaml <<END
name: words
seed: 1
data: {source: {csv: {path: $srcdir/configs/data/iris.csv, target: target}}}
model: [{dense: {units: features, activation: tanh}}, {dense: {units: classes, name: output}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.05}}
train: {epochs: 2}
END
expect_exit 0 "$FELL" run k.yaml --quiet --db w.db
expect_exit 0 "$FELL" run k.yaml name=numbers model.0.dense.units=4 model.1.dense.units=3 --quiet --db w.db
expect_sql w.db "1" "SELECT count(DISTINCT hex(train_loss)) FROM epochs WHERE epoch = 2"
expect_sql w.db "classes" "SELECT resolved ->> '$.model[2].dense.units' FROM runs WHERE id = 1"
expect_exit 0 "$FELL" verify 1 --db w.db
expect_exit 0 "$FELL" plan k.yaml
expect_text out "output: units is classes, 3" "dense1: units is features, 4"
expect_exit 0 "$FELL" explain k.yaml -o x.md
expect_exit 0 "$FELL" run k.yaml name=swept 'sweep={over: {model.0.dense.units: [classes, features, 9]}}' --quiet --db w.db
expect_sql w.db "classes features 9" "SELECT group_concat(value, ' ') FROM (SELECT value FROM run_params ORDER BY run_id)"

echo "to be or not to be, that is the question" >text.txt
cat >text.yaml <<'END'
seed: 1
data: {source: {text: {path: text.txt, length: 4}}}
model: [{embedding: {num_embeddings: vocabulary, embedding_dim: 3, name: in}}, {dense: {units: 3}}, {dense: {units: vocabulary, share: in}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.05}}
train: {epochs: 1}
END
expect_exit 0 "$FELL" plan text.yaml
expect_text out "in: num_embeddings is vocabulary, 15" "dense2: has tensors of in"
expect_exit 0 "$FELL" run text.yaml --quiet --db t.db

# In lists, too, to the bit.
shape() {
    expect_exit 0 "$FELL" run k.yaml "name=$1" "model=[{reshape: {shape: $2, name: r}}, {flatten: {}}, {dense: {units: classes}}]" --quiet --db l.db
}
shape word "[1, features]"
shape number "[1, 4]"
expect_sql l.db 1 "SELECT count(DISTINCT hex(train_loss)) FROM epochs WHERE epoch = 2"
expect_sql l.db features "SELECT resolved ->> '\$.model[0].reshape.shape[1]' FROM runs WHERE id = 1"
expect_exit 0 "$FELL" verify 1 --db l.db
expect_exit 0 "$FELL" plan k.yaml "model=[{reshape: {shape: [1, features], name: r}}, {flatten: {}}, {dense: {units: 3}}]"
expect_text out "r: shape is features, 4"
expect_exit 2 "$FELL" check k.yaml "model=[{reshape: {shape: [1, featurs]}}, {flatten: {}}, {dense: {units: 3}}]"
expect_text err "reshape.shape: 'featurs' is not a whole number; did you mean 'features'?"

# wrong PATH=VALUE TEXT
wrong() {
    expect_exit 2 "$FELL" check k.yaml "$1"
    expect_text err "$2"
}
wrong model.1.dense.units=clases "dense.units: 'clases' is not a whole number; did you mean 'classes'?"
wrong model.0.dense.units=vocabulary "units: the data has no vocabulary: its inputs are not the numbers of words or characters"
wrong train.epochs=classes "train.epochs: 'classes' is not a whole number"
expect_exit 2 "$FELL" check k.yaml 'data.source={sine: {rows: 20}}' loss=mse
expect_text err "k.yaml:4:" "units: the data has no classes: its targets are no classes"
