#!/bin/sh
# What metrics, losses and checkpoints mean: values that scikit-learn computes from the trained net's outputs,
# for targets of every kind, and what is told where there is little to say. The rows are in tests/meaning.
. "$srcdir/tests/cli/lib.sh"
cp "$srcdir"/tests/meaning/*.csv .

# spec NAME SOURCE TARGET MODEL LOSS OPTIMIZER METRICS EPOCHS: the source is the test set, too.
spec() {
    cat >"$1.yaml" <<END
name: $1
seed: 1
data:
  source: {csv: {path: $2.csv, target: $3}}
  test: {csv: {path: $2.csv, target: $3}}
model: [{dense: {$4}}]
loss: $5
optimizer: $6
metrics: $7
train: {epochs: $8}
END
    expect_exit 0 "$FELL" run "$1.yaml" --jobs 1 --quiet --db "$1.db"
}
# last NAME VALUES: the metrics of the test set after the last epoch, by name, to four digits.
last() {
    expect_sql "$1.db" "$2" "SELECT group_concat(v, ' ') FROM (SELECT name || '=' || round(value, 4) AS v FROM metrics
        WHERE split = 'test' AND epoch = (SELECT max(epoch) FROM metrics) ORDER BY name)"
}

# ---- targets of -1 and 1: yes is above 0
spec hinge signs y 'units: 1' hinge '{sgd: {lr: 0.02}}' '[accuracy, f1, precision, recall, auc]' 40
last hinge 'accuracy=0.93 auc=0.9989 f1=0.9014 precision=1.0 recall=0.8205'
expect_empty err
spec tanh signs y 'units: 1, activation: tanh' mse '{sgd: {lr: 0.02}}' '[accuracy]' 5
last tanh 'accuracy=0.665'

# ---- several questions
spec questions questions '[red, round, shiny]' 'units: 3, name: out' bce_with_logits '{adam: {lr: 0.05}}' \
    '[accuracy, f1, precision, recall, auc]' 40
last questions 'accuracy=0.975 auc=0.9998 f1=0.9872 precision=0.9925 recall=0.9821'
expect_empty err

# ---- one class only: it is told, and all are right
spec only only y 'units: 1' cross_entropy '{adam: {lr: 0.01}}' '[accuracy, f1, precision, recall, confusion]' 3
last only 'accuracy=1.0 confusion.only.only=30.0 f1=1.0 precision=1.0 recall=1.0'
expect_text err "warning: metrics: all 30 train rows are of one class only, only: metrics of classes say little of them"
