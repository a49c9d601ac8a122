#!/bin/sh
# Probes in runs: their rows, that they change no other bit, that theirs are the same with any number of workers
# and threads, at any SIMD level, and after a kill; as objective and monitor; what is wrong with them.
. "$srcdir/tests/cli/lib.sh"

spec() {
    cat <<END
name: probed
seed: 3
data:
  source: {csv: {path: $srcdir/configs/data/iris.csv, target: target}}
  validation: 0.2
  transforms: [standardize]
model:
  - dense: {units: 8, activation: relu, name: hidden}
  - dropout: {rate: 0.2}
  - dense: {units: 3, name: output}
loss: cross_entropy
optimizer: {adam: {lr: 0.02}}
metrics: [accuracy]
train: {epochs: 7, batch_size: 16}
checkpoint: {every: 2}
repeats: 2
END
}
cat >probes <<END
probes:
  - activations: {rows: 40}
  - weights
  - updates: {rows: 40}
  - sharpness: {rows: 30, every: 3}
  - gradient_noise: {rows: 20}
  - gradients: {rows: 40, bins: 4}
  - samples: {rows: 12}
  - collapse: {rows: 0}
  - similarity: {rows: 20}
  - landscape: {rows: 20, points: 3, directions: 2}
  - path: {rows: 20}
END
spec >without.yaml
{ spec; cat probes; } >with.yaml

# All that was recorded but times and places.
others() {
    sqlite3 "$1" "
        SELECT trial, repeat, epoch, printf('%!.17g %!.17g %!.17g %!.17g', train_loss, validation_loss, grad_norm_mean, lr)
            FROM epochs JOIN runs ON id = run_id ORDER BY 1, 2, 3;
        SELECT trial, repeat, epoch, position, printf('%!.17g %!.17g %!.17g', grad_norm_mean, weight_norm, update_norm)
            FROM gradients JOIN runs ON id = run_id ORDER BY 1, 2, 3, 4;
        SELECT trial, repeat, epoch, split, name, printf('%!.17g', value)
            FROM metrics JOIN runs ON id = run_id ORDER BY 1, 2, 3, 4, 5;"
}
probes() {
    sqlite3 "$1" "SELECT trial, repeat, epoch, probe, p.name, layer, position, printf('%!.17g', value), value IS NULL
        FROM probe_values AS p ORDER BY 1, 2, 3, 4, 5, 6, 7"
}

"$FELL" run without.yaml --quiet --db without.db --jobs 1
"$FELL" run with.yaml --quiet --db with.db --jobs 1
others without.db >wanted
others with.db >got
cmp -s wanted got || fail "probes change what else is recorded: $(diff wanted got | head -4)"
"$FELL" run with.yaml "probes=[{samples: {rows: 5, every: 3}}, weights, {sharpness: {rows: 10, top: 0}}]" --quiet --db set.db --jobs 1
others set.db | cmp -s - wanted || fail "probes that are set differently change what else is recorded"
probes with.db >first
for probe in activations weights updates sharpness gradient_noise gradients samples collapse similarity landscape path; do
    grep -q "|$probe|" first || fail "$probe recorded nothing"
done
[ "$(sqlite3 with.db "SELECT group_concat(DISTINCT epoch) FROM probes WHERE probe = 'sharpness' AND run_id = 1")" = 0,3,6,7 ] ||
    fail "sharpness, every 3, looked at other epochs"
[ "$(sqlite3 with.db "SELECT count(*) FROM probes WHERE probe = 'samples' AND name = 'loss' AND run_id = 1")" = $((12 * 8)) ] ||
    fail "samples of 12 rows in 8 looks"

# The same rows in each repeat.
[ "$(sqlite3 with.db "SELECT count(DISTINCT position) FROM probes WHERE probe = 'samples' AND name = 'loss'")" = 12 ] ||
    fail "repeats look at different rows"

"$FELL" run with.yaml --quiet --db jobs.db --jobs 2
probes jobs.db | cmp -s - first || fail "other numbers with two workers"
"$FELL" run with.yaml train.threads=2 --quiet --db threads.db --jobs 1
probes threads.db | cmp -s - first || fail "other numbers with two threads"
FELL_SIMD=portable "$FELL" run with.yaml --quiet --db portable.db --jobs 1
probes portable.db >got
cmp -s got first || fail "other numbers without SIMD: $(diff got first | head -4)"

# Cut off in the middle, and again.
"$FELL" run with.yaml --quiet --db cut.db --jobs 1 &
sleep 0.05
kill -9 $! 2>/dev/null || :
wait $! 2>/dev/null || :
"$FELL" run with.yaml --quiet --db cut.db --jobs 1
probes cut.db >got
cmp -s got first || fail "other numbers after a kill: $(diff got first | head -4)"
expect_exit 0 "$FELL" verify 1 --db with.db
expect_text out "all have the same bits"

# Ranks have no scale, also where outputs are many and their squares no floats.
for std in 0.1 1e-25; do
    printf 'seed: 1\nname: s%s\ndata: {source: {xor: {rows: 1000}}}\nmodel: [{dense: {units: 128, init: {weight: {normal: {std: %s}}, bias: zeros}, name: wide}}, {dense: {units: 1}}]
loss: mse\noptimizer: sgd\ntrain: {epochs: 1}\nprobes: [{activations: {rows: 1000}}]\n' "$std" "$std" >scale.yaml
    expect_exit 0 "$FELL" run scale.yaml --quiet --db scale.db
done
expect_sql scale.db 2 "SELECT count(*) FROM probes AS a JOIN probes AS b USING (epoch, layer, name) WHERE a.run_id = 1 AND b.run_id = 2 AND
    layer = 'wide' AND epoch = 0 AND name IN ('effective_rank', 'participation_ratio') AND a.value > 1 AND abs(a.value - b.value) < 0.02 * a.value"
# What a probe says can rank trials and end a run.
cat >>with.yaml <<'END'
sweep:
  over: {optimizer.adam.lr: [0.02, 0.001]}
  objective: {minimize: probe.path.loss, at: last}
END
expect_exit 0 "$FELL" run with.yaml name=ranked repeats=1 --quiet --db ranked.db
[ "$(sqlite3 ranked.db "SELECT group_concat(value = (SELECT p.value FROM probes AS p WHERE p.run_id = l.run AND probe = 'path'
    AND name = 'loss' AND p.epoch = 7)) FROM leaderboard AS l")" = 1,1 ] || fail "the objective is not the probe's last value"
expect_exit 0 "$FELL" show 1 --db ranked.db
expect_text out "probes, numbers with one value" "path "
expect_text out "probes, numbers with many values" "histogram" "hidden.weight"
expect_exit 0 "$FELL" show 1 --json --db ranked.db
expect_json out "12|12|11" "(SELECT json_array_length(p.value->'values') || '|' || json_array_length(p.value->'positions') || '|' || (p.value->>'max' >= p.value->>'min') || 1
    FROM json_each(j, '\$.probe_values') AS p WHERE p.value->>'number' = 'el2n')"
expect_json out 1 "(SELECT p.value->>'last' = l.value AND p.value->>'epoch' = 7 FROM json_each(j, '\$.probes') AS p,
    (SELECT $(sqlite3 ranked.db "SELECT format('%!.17g', value) FROM leaderboard WHERE run = 1") AS value) AS l
    WHERE p.value->>'probe' = 'path' AND p.value->>'number' = 'loss')"
expect_exit 0 "$FELL" compare 1 2 --db ranked.db
expect_text out "probe.path.loss"
{ spec; cat probes; } >stops.yaml
expect_exit 0 "$FELL" run stops.yaml repeats=1 train.epochs=60 \
    "train.early_stopping={monitor: probe.path.straightness, patience: 2}" --quiet --db stops.db
[ "$(sqlite3 stops.db 'SELECT status FROM runs')" = stopped ] || fail "a probe's value does not end the run"
[ "$(sqlite3 stops.db "SELECT max(epoch) = (SELECT max(epoch) FROM epochs) FROM probes WHERE probe = 'sharpness'")" = 1 ] ||
    fail "no look after the last epoch"

# Mistakes.
wrong() {
    expect_exit 2 "$FELL" check with.yaml "$1"
    shift
    expect_text err "$@"
}
wrong "probes=[activation]" "no probe 'activation'; did you mean 'activations'?"
wrong "probes=[path, path]" "two are named 'path'"
wrong "probes=[{path: {every: 0}}]" "every: 0 is not in [1, inf)"
wrong "probes=[{path: {split: test}}]" "there is no data.test"
wrong "sweep.objective={minimize: probe.path.los}" "'path' has no number 'los'"
wrong "sweep.objective={minimize: probe.weights.l1}" "say which"
wrong "sweep.objective={minimize: probe.samples.loss}" "many numbers"
