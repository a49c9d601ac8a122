#!/bin/sh
# A crash is blamed on the plugin that crashed, of whatever kind, and on what it did: in training, in
# evaluation, and before the first step.
. "${srcdir:-.}/tests/cli/lib.sh"
${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -I"$srcdir/include" -shared -fPIC "$srcdir/tests/cli/crashers.c" -o crashers.so
FELL_CACHE=off
export FELL_CACHE

# 40 rows: 10 are validation rows, 30 are one training batch.
cat >base.yaml <<'END'
seed: 3
data:
  source: bad_dataset
  validation: 0.25
  transforms:
    - bad_transform
    - bad_jitter
model:
  - bad_layer: {name: first}
  - dense: {units: 4, init: bad_initialiser, name: middle}
  - bad_activation: {name: third}
  - dense: {units: 1}
loss: bad_loss
optimizer: bad_optimizer
schedule: bad_schedule
metrics: [bad_metric]
train: {epochs: 3, batch_size: 0}
END
expect_exit 0 "$FELL" run base.yaml --plugin ./crashers.so --db base.db
expect_sql base.db "finished|3" "SELECT status, count(*) FROM runs JOIN epochs ON run_id = id"

# crash NAME SETTINGS WHERE EPOCHS: the plugin NAME dies, is blamed as WHERE, and EPOCHS were recorded.
crash() {
    rm -f calls crash.db
    for how in segfault abort exit; do
        rm -f calls
        sed "s/$1: {/$1: {how: $how, $2, /; t; s/$1/$1: {how: $how, $2}/" base.yaml >crash.yaml
        expect_exit 1 "$FELL" run crash.yaml --plugin ./crashers.so --db crash.db
    done
    expect_sql crash.db "crashed|SIGSEGV (Segmentation fault) in $3|$4
crashed|SIGABRT (Aborted) in $3|$4
failed|the worker process ended by itself with status 3 in $3|$4" \
        "SELECT status, error, (SELECT count(*) FROM epochs WHERE run_id = id) FROM runs ORDER BY id"
}

crash bad_layer 'at: forward, rows: 30' "layer 'first' (forward)" 0
crash bad_layer 'at: forward, rows: 10' "layer 'first' (forward in evaluation)" 0
crash bad_layer 'at: backward, call: 2' "layer 'first' (backward)" 1
crash bad_activation 'at: forward, rows: 30, call: 3' "layer 'third' (forward)" 2
crash bad_activation 'at: forward, rows: 10, call: 3' "layer 'third' (forward in evaluation)" 2
crash bad_activation 'at: backward' "layer 'third' (backward)" 0
crash bad_loss 'at: eval, rows: 30' "loss 'bad_loss' (loss)" 0
crash bad_loss 'at: eval, rows: 10' "loss 'bad_loss' (loss in evaluation)" 0
crash bad_optimizer 'at: step' "optimizer 'bad_optimizer' (step)" 0
crash bad_schedule 'at: rate, call: 2' "schedule 'bad_schedule' (rate)" 1
crash bad_metric 'at: eval, rows: 30' "metric 'bad_metric' (train rows)" 0
crash bad_metric 'at: eval, rows: 10, call: 2' "metric 'bad_metric' (validation rows)" 1
crash bad_jitter 'at: forward, rows: 30, call: 2' "transform 'bad_jitter' (forward)" 1

# Before the first step, the spec is tried: nothing is stored, and the error is where the plugin is named.
crash_early() {
    for how in segfault exit; do
        rm -f calls
        sed "s/$1: {/$1: {how: $how, $2, /; t; s/$1/$1: {how: $how, $2}/" base.yaml >early.yaml
        expect_exit 2 "$FELL" run early.yaml --plugin ./crashers.so --db early.db
        expect_text err "early.yaml:$4: error: the worker process that tried this spec" " in $3"
        [ ! -e early.db ] || fail "a database was made"
    done
}

crash_early bad_dataset 'at: open' "dataset 'bad_dataset' (opening)" 3:11
crash_early bad_dataset 'at: read, rows: 10' "dataset 'bad_dataset' (reading)" 3:11
crash_early bad_dataset 'at: close' "dataset 'bad_dataset' (closing)" 3:11
crash_early bad_transform 'at: plan' "transform 'bad_transform' (plan)" 6:7
crash_early bad_transform 'at: fit' "transform 'bad_transform' (fit)" 6:7
crash_early bad_transform 'at: forward, rows: 10' "transform 'bad_transform' (forward)" 6:7
crash_early bad_jitter 'at: plan' "transform 'bad_jitter' (plan)" 7:7
crash_early bad_layer 'at: plan' "layer 'first' (plan)" 9:5
crash_early bad_loss 'at: plan' "loss 'bad_loss' (plan)" 13:7
crash_early bad_optimizer 'at: plan' "optimizer 'bad_optimizer' (plan)" 14:12
crash_early bad_metric 'at: plan' "metric 'bad_metric' (plan)" 16:11
crash_early bad_initialiser 'at: init' "initialiser 'bad_initialiser' (init of middle.weight)" 10:29

# An initialiser and a dataset that die when the spec was already tried.
crash bad_initialiser 'at: init, call: 2' "initialiser 'bad_initialiser' (init of middle.weight)" 0
