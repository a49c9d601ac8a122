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
  source: {bad_dataset: {}}
  validation: 0.25
  transforms:
    - bad_transform: {}
    - bad_jitter: {}
model:
  - dense: {units: 4, name: first, init: {bad_initialiser: {}}}
  - bad_layer: {name: second}
  - bad_activation: {name: third}
  - dense: {units: 1}
loss: {bad_loss: {}}
optimizer: {bad_optimizer: {lr: 0.001}}
schedule: {bad_schedule: {}}
metrics: [bad_metric: {}]
train: {epochs: 3, batch_size: 0}
END
expect_exit 0 "$FELL" run base.yaml --plugin ./crashers.so --db base.db
expect_sql base.db "finished|3" "SELECT status, count(*) FROM runs JOIN epochs ON run_id = id"

# crash PATH SETTINGS WHERE EPOCHS: the plugin at PATH dies in three ways, is blamed as WHERE, and EPOCHS
# were recorded of each run.
crash() {
    rm -f calls-* crash.db
    sed "s/${1##*.}: {/${1##*.}: {$2, /" base.yaml >crash.yaml
    echo "sweep: {over: {$1.how: [segfault, abort, exit]}}" >>crash.yaml
    expect_exit 1 "$FELL" run crash.yaml --plugin ./crashers.so --quiet --db crash.db
    expect_sql crash.db "crashed|SIGSEGV (Segmentation fault) in $3|$4
crashed|SIGABRT (Aborted) in $3|$4
failed|the worker process ended by itself with status 3 in $3|$4" \
        "SELECT status, error, (SELECT count(*) FROM epochs WHERE run_id = id) FROM runs ORDER BY id"
}

crash model.1.bad_layer 'at: forward, rows: 30' "layer 'second' (forward)" 0
crash model.1.bad_layer 'at: forward, rows: 10' "layer 'second' (forward in evaluation)" 0
crash model.1.bad_layer 'at: backward, call: 2' "layer 'second' (backward)" 1
crash model.2.bad_activation 'at: forward, rows: 30, call: 3' "layer 'third' (forward)" 2
crash model.2.bad_activation 'at: forward, rows: 10, call: 3' "layer 'third' (forward in evaluation)" 2
crash model.2.bad_activation 'at: backward' "layer 'third' (backward)" 0
crash loss.bad_loss 'at: eval, rows: 30' "loss 'bad_loss' (loss)" 0
crash loss.bad_loss 'at: eval, rows: 10' "loss 'bad_loss' (loss in evaluation)" 0
crash optimizer.bad_optimizer 'at: step' "optimizer 'bad_optimizer' (step)" 0
crash schedule.bad_schedule 'at: rate, call: 2' "schedule 'bad_schedule' (rate)" 1
crash metrics.0.bad_metric 'at: eval, rows: 30' "metric 'bad_metric' (train rows)" 0
crash metrics.0.bad_metric 'at: eval, rows: 10, call: 2' "metric 'bad_metric' (validation rows)" 1
crash data.transforms.1.bad_jitter 'at: forward, rows: 30, call: 2' "transform 'bad_jitter' (forward)" 1

# Before the first step, the spec is tried: nothing is stored, and the error is where the plugin is named.
crash_early() {
    rm -f calls-*
    sed "s/$1: {/$1: {$2, /" base.yaml >early.yaml
    expect_exit 2 "$FELL" run early.yaml --plugin ./crashers.so --db early.db
    expect_text err "early.yaml:$4: error: the worker process that tried this spec died: " " in $3"
    [ ! -e early.db ] || fail "a database was made"
}

crash_early bad_dataset 'at: open' "dataset 'bad_dataset' (opening)" 3:12
crash_early bad_dataset 'how: exit, at: read, rows: 10' "dataset 'bad_dataset' (reading)" 3:12
crash_early bad_dataset 'at: close' "dataset 'bad_dataset' (closing)" 3:12
crash_early bad_transform 'at: plan' "transform 'bad_transform' (plan)" 6:7
crash_early bad_transform 'at: fit' "transform 'bad_transform' (fit)" 6:7
crash_early bad_transform 'at: forward, rows: 10' "transform 'bad_transform' (forward)" 6:7
crash_early bad_jitter 'at: plan' "transform 'bad_jitter' (plan)" 7:7
crash_early bad_layer 'at: plan' "layer 'second' (plan)" 10:5
crash_early bad_loss 'how: abort, at: plan' "loss 'bad_loss' (plan)" 13:8
crash_early bad_optimizer 'at: plan' "optimizer 'bad_optimizer' (plan)" 14:13
crash_early bad_metric 'at: plan' "metric 'bad_metric' (plan)" 16:11
crash_early bad_initialiser 'at: init' "initialiser 'bad_initialiser' (init of first.weight)" 9:43

# What a probe looks at with it.
echo 'probes: [{gradient_noise: {rows: 7}}]' >>base.yaml
crash model.1.bad_layer 'at: forward, rows: 7' "layer 'second' (forward, for the probe 'gradient_noise')" 0
crash model.2.bad_activation 'at: backward, rows: 7' "layer 'third' (backward, for the probe 'gradient_noise')" 0
crash model.1.bad_layer 'at: backward, rows: 1' "layer 'second' (backward, for the probe 'gradient_noise')" 0
crash loss.bad_loss 'at: eval, rows: 7' "loss 'bad_loss' (loss, for the probe 'gradient_noise')" 0
sed -i '$d' base.yaml

# The probe itself; what comes after it in the run is not blamed on it.
echo 'probes: [bad_probe: {}]' >>base.yaml
crash_early bad_probe 'at: plan' "probe 'bad_probe' (plan)" 18:10
crash probes.0.bad_probe 'at: look, call: 2' "probe 'bad_probe' (look)" 0
crash model.1.bad_layer 'at: backward, rows: 30' "layer 'second' (backward)" 0
sed -i '$d' base.yaml

# One that dies when the spec was already tried.
crash model.0.dense.init.bad_initialiser 'at: init, call: 2' "initialiser 'bad_initialiser' (init of first.weight)" 0
