#!/bin/sh
# train.micro_batch: whatever its size, losses, metrics, gradient norms and weights are those of the whole batch up to
# rounding: with dropout, augmentation, weights of classes and rows, a last batch that is short; memory falls; what ties
# rows together is refused.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what a batch in parts comes to"

cat >k.yaml <<END
name: whole
seed: 1
data:
  source: {csv: {path: $srcdir/configs/data/digits.csv, target: target, shape: [1, 8, 8]}}
  validation: 0.1
  rows: 250
  transforms: [{scale: {factor: 0.0625}}, {shift: {pixels: 1}}]
model:
  - conv2d: {filters: 4, kernel: 3, activation: relu}
  - flatten
  - dropout: {rate: 0.3}
  - dense: {units: 12, activation: tanh}
  - layer_norm
  - dense: {units: 10}
loss: {cross_entropy: {class_weights: [1, 2, 1, 1, 0.5, 1, 1, 1, 1, 0]}}
optimizer: {sgd: {lr: 0.05, momentum: 0.9}}
metrics: [accuracy]
train: {epochs: 2, batch_size: 60, clip_norm: 2}
record: {gradients: {step: 1}}
probes: [gradients]
sweep: {over: {train.micro_batch: [0, 1, 7, 30, 59, 60, 1000]}}
END
awk 'BEGIN { print "a,b,y,w"; for (i = 0; i < 50; i++) printf "%.4f,%.4f,%.5f,%d\n", cos(i), cos(3 * i), sin(i) + i / 20, (i * 7) % 4 }' >rows.csv
cat >w.yaml <<'END'
name: weighted
seed: 2
data: {source: {csv: {path: rows.csv, target: y, weights: w}}, validation: 0.2}
model: [{dense: {units: 6, activation: tanh}}, {dense: {units: 1}}]
loss: mse
optimizer: {adam: {lr: 0.01}}
metrics: [mae]
train: {epochs: 4, batch_size: 16}
record: {gradients: {step: 1}}
sweep: {over: {train.micro_batch: [0, 1, 3, 8, 15]}}
END
# same DATABASE: every number of every trial beside the first's.
same() {
    expect_sql "$1" "1" "WITH n AS (SELECT run_id, 'e' || epoch AS what, train_loss AS v FROM epochs UNION ALL SELECT run_id, 'v' || epoch, validation_loss FROM epochs
            UNION ALL SELECT run_id, 'g' || epoch, grad_norm_mean FROM epochs UNION ALL SELECT run_id, 'm' || epoch, grad_norm_max FROM epochs
            UNION ALL SELECT run_id, 's' || step, loss FROM steps
            UNION ALL SELECT run_id, 't' || epoch || '.' || position, grad_norm_mean FROM gradients
            UNION ALL SELECT run_id, 'w' || epoch || '.' || position, weight_norm FROM gradients
            UNION ALL SELECT run_id, split || epoch || name, value FROM metrics)
        SELECT max(abs(a.v - b.v) / max(abs(a.v), 1)) < 1e-6 AND count(*) > 100 AND count(a.v) = count(b.v) FROM n AS a JOIN n AS b ON a.what = b.what AND a.run_id = 1"
}
expect_exit 0 "$FELL" run k.yaml --quiet --db k.db
same k.db
expect_exit 0 "$FELL" run w.yaml --quiet --db w.db
same w.db
# As large as the batch or larger it is the batch: the same bits. Threads change none.
expect_sql k.db "1" "SELECT count(DISTINCT hex(train_loss)) FROM epochs WHERE epoch = 2 AND run_id IN (1, 6, 7)"
expect_exit 0 "$FELL" run k.yaml name=threads train.threads=2 --quiet --db k.db
expect_sql k.db "7|7" "SELECT count(*), sum(hex(a.train_loss) = hex(b.train_loss)) FROM epochs AS a JOIN epochs AS b ON b.run_id = a.run_id + 7 AND a.epoch = 2 AND b.epoch = 2"
expect_exit 0 "$FELL" verify 2 --db k.db

# Dropout of attention is a row's own, whatever part of the batch the row is in.
awk 'BEGIN { print "a,b,c,d,e,f,g,h,y"; for (i = 0; i < 40; i++) { for (k = 1; k < 9; k++) printf "%.4f,", cos(k * i); printf "%.4f\n", sin(i) } }' >steps.csv
cat >heads.yaml <<'END'
name: heads
seed: 3
data: {source: {csv: {path: steps.csv, target: y, shape: [4, 2]}}}
model: [{attention: {heads: 2, dropout: 0.4}}, flatten, {dense: {units: 1}}]
loss: mse
optimizer: {sgd: {lr: 0.05}}
metrics: [mae]
train: {epochs: 3, batch_size: 16}
record: {gradients: {step: 1}}
sweep: {over: {train.micro_batch: [0, 1, 5]}}
END
expect_exit 0 "$FELL" run heads.yaml --quiet --db heads.db
same heads.db
expect_exit 0 "$FELL" run heads.yaml sweep=null name=without model.0.attention.dropout=0 --quiet --db heads.db
expect_sql heads.db 0 "SELECT count(*) FROM epochs AS a JOIN epochs AS b USING (epoch) WHERE a.run_id = 1 AND b.run_id = 4 AND abs(a.train_loss - b.train_loss) < 1e-4"

# ---- memory ----------------------------------------------------------------------------------------------------------

memory() {
    "$FELL" plan w.yaml sweep=null train.batch_size=40 'model=[{dense: {units: 1000}}, relu, {dense: {units: 1}}]' "train.micro_batch=$1" --json >plan.json || fail "plan"
    sqlite3 :memory: "SELECT readfile('plan.json') ->> '$.plan.memory'"
}
[ "$(($(memory 0) - $(memory 4)))" -gt $((9 * ($(memory 4) - $(memory 1)))) ] || fail "memory: $(memory 0), $(memory 4), $(memory 1)"

# ---- what cannot be ----------------------------------------------------------------------------------------------------

expect_exit 2 "$FELL" check w.yaml 'sweep=null' train.micro_batch=4 'model=[{dense: {units: 4}}, batch_norm, {dense: {units: 1}}]'
expect_text err "micro_batch: the layer 'batch_norm1' ties the rows of a batch together, so the 16 of a step cannot go through the net 4 at a time" "command line:1:"
expect_exit 0 "$FELL" check w.yaml 'sweep=null' train.micro_batch=16 'model=[{dense: {units: 4}}, batch_norm, {dense: {units: 1}}]'
expect_exit 2 "$FELL" check w.yaml train.micro_batch=-1 sweep=null
expect_text err "train.micro_batch: -1 is not in [0, inf)"
