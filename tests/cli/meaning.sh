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

# ---- two pairs of classes, 1 and 1.1, have two names
spec dotted dotted y 'units: 2' cross_entropy '{adam: {lr: 0.01}}' '[confusion]' 3
expect_sql dotted.db 'confusion."1.1"."1.1",confusion."1.1".1,confusion.1."1.1",confusion.1.1|20.0' \
    "SELECT group_concat(name), sum(value) FROM (SELECT * FROM metrics WHERE epoch = 3 AND split = 'test' ORDER BY name)"

# ---- the best checkpoint is that of the best objective
cat >best.yaml <<'END'
seed: 1
data: {source: {csv: {path: objective.csv, target: y}}, validation: 0.3}
model: [{dense: {units: 32, activation: relu}}, {dense: {units: 32, activation: relu}}, {dense: {units: 2}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.05}}
metrics: [accuracy]
train: {epochs: 40}
checkpoint: {keep: [best, last]}
sweep: {over: {optimizer.adam.lr: [0.05, 0.02]}, objective: {maximize: validation.accuracy}}
END
expect_exit 0 "$FELL" run best.yaml --jobs 1 --quiet --db best.db
expect_sql best.db '12|12
4|4' "SELECT c.epoch, l.best_epoch FROM checkpoints AS c JOIN leaderboard AS l ON l.run = c.run_id WHERE c.is_best ORDER BY l.run"
cat >stopping.yaml <<'END'
seed: 3
data: {source: {csv: {path: stopping.csv, target: y}}, validation: 0.3}
model: [{dense: {units: 24, activation: tanh}}, {dense: {units: 2}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.02}}
metrics: [auc]
train: {epochs: 200, batch_size: 16, early_stopping: {monitor: validation.auc, patience: 4, min_delta: 0.001}}
checkpoint: {keep: [best]}
END
expect_exit 0 "$FELL" run stopping.yaml --jobs 1 --quiet --db stopping.db
expect_sql stopping.db "stopped|1" "SELECT status, (SELECT c.epoch FROM checkpoints AS c WHERE c.is_best) =
    (SELECT epoch FROM metrics WHERE split = 'validation' ORDER BY value DESC, epoch LIMIT 1) FROM runs"

# ---- what never has a value: a warning at once, an error at the end of a sweep
cat >rare.yaml <<'END'
seed: 1
data: {source: {csv: {path: rare.csv, target: y}}, validation: 0.1}
model: [{dense: {units: 6, activation: tanh}}, {dense: {units: 1}}]
loss: bce_with_logits
optimizer: {adam: {lr: 0.01}}
metrics: [auc]
train: {epochs: 20, early_stopping: {monitor: validation.auc, patience: 5}}
END
expect_exit 0 "$FELL" run rare.yaml --jobs 1 --quiet --db rare.db
told() {
    expect_sql "$1" 1 "SELECT count(*) > 0 FROM events WHERE kind = 'warning' AND detail LIKE '%$2%'"
}
told rare.db 'validation.auc has no value; validation.auc, which early stopping watches, has no value after the first epoch'
expect_sql rare.db "validation.auc has had no value in any epoch" "SELECT detail FROM events WHERE kind = 'stopped'"
sed 's/, early_stopping.*/}/' rare.yaml >ranked.yaml
echo 'sweep: {over: {optimizer.adam.lr: [0.1, 0.01]}, objective: {maximize: validation.auc}}' >>ranked.yaml
expect_exit 1 "$FELL" run ranked.yaml --jobs 1 --quiet --db rare.db
told rare.db 'validation.auc, the objective, has no value after the first epoch'
expect_text err "validation.auc has had no value in any epoch of any run: there is nothing to rank the trials by"

# ---- rows that weigh nothing: sums and weights are added over a split, and a batch of weight 0 takes no step
awk 'BEGIN {
    print "x,y" >"zeros.csv"; print "x,y" >"ones.csv"; print "x,y" >"mixed.csv"
    for (i = 0; i < 200; i++) print i % 7 - 3 ",a" >"zeros.csv"
    for (i = 0; i < 10; i++) print i % 4 ",b" >"zeros.csv"
    for (i = 0; i < 10; i++) print i % 4 ",b" >"ones.csv"
    for (i = 0; i < 4; i++) print i / 2 ",a" >"mixed.csv"
    for (i = 0; i < 4; i++) print i ",b" >"mixed.csv"
}'
# weigh NAME SOURCE BATCH VALIDATION
weigh() {
    cat >"$1.yaml" <<END
name: $1
seed: 1
data: {source: {csv: {path: $2.csv, target: y}}, validation: {csv: {path: $4.csv, target: y}}}
model: [{dense: {units: 2}}]
loss: {cross_entropy: {class_weights: [0, 2]}}
optimizer: {adam: {lr: 0.1}}
train: {epochs: 5, batch_size: $3, shuffle: false}
END
    expect_exit 0 "$FELL" run "$1.yaml" --jobs 1 --quiet --db weights.db
}
weigh apart mixed 4 zeros
told weights.db 'the rows of a batch weigh 0 in all (epoch 1, batch 1): it takes no step'
told weights.db '5 of 10 batches weighed 0 and took no step'
weigh together mixed 8 ones
expect_empty err
expect_sql weights.db 5 "SELECT count(*) FROM epochs AS a JOIN epochs AS b USING (epoch) WHERE a.run_id = 1 AND b.run_id = 2
    AND abs(a.train_loss - b.train_loss) < 1e-6 AND abs(a.validation_loss - b.validation_loss) < 1e-6"
