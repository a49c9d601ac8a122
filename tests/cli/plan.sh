#!/bin/sh
# fell check and fell plan: what they say, and that they train and write nothing.
. "${srcdir:-.}/tests/cli/lib.sh"
write_spec one.yaml
write_sweep sweep.yaml

expect_exit 0 "$FELL" check one.yaml
expect_empty err
expect_text out "one.yaml is valid: 1 trial, 1 run, 20 epochs, 33 parameters, 4 training rows"
expect_exit 0 "$FELL" check sweep.yaml train.epochs=5
expect_text out "sweep.yaml is valid: 4 trials, 8 runs, 5 epochs, 33 parameters, 4 training rows"
expect_exit 0 "$FELL" check one.yaml --quiet
expect_empty out
expect_exit 0 "$FELL" check sweep.yaml --json
expect_json out "sweep|4|8|33" "j->>'name', j->>'trials', j->>'runs', j->>'parameters'"

# All errors of a spec, each with its place, on standard error.
sed -e 's/units: 8/unitz: 8/' -e 's/lr: 0.5/lr: fast/' one.yaml >wrong.yaml
expect_exit 2 "$FELL" check wrong.yaml
expect_empty out
expect_text err "wrong.yaml:4:13: error: " "did you mean 'units'?" "wrong.yaml:7:23: error: "

expect_exit 0 "$FELL" plan one.yaml
expect_empty err
expect_text out "seed: 3" "momentum: 0" "batch_size: 0" "33 parameters" "data: input 2, 4 train rows, 1 steps an epoch" \
    "1 trial x 1 repeat, 20 epochs each"
grep -Eq '^hidden +dense +input +8 +24 ' out || fail "no row for the hidden layer: $(cat out)"
grep -Eq '^tanh1 +tanh +hidden +8 +0 ' out || fail "no row for its activation: $(cat out)"

# The spec that plan prints is a spec, and means the same.
sed '/^$/,$d' out >resolved.yaml
expect_exit 0 "$FELL" plan resolved.yaml
sed '/^$/,$d' out | cmp - resolved.yaml || fail "the resolved spec resolves to another"

expect_exit 0 "$FELL" plan sweep.yaml
expect_text out "4 trials x 2 repeats, 20 epochs each"
grep -Eq '^ +3 +0.1 +relu$' out || fail "no row for the last trial: $(cat out)"
expect_exit 0 "$FELL" plan sweep.yaml --json
expect_json out "33|4|hidden|0.1|relu|2" "j->>'$.plan.parameters', json_array_length(j->'trials'),
    j->>'$.plan.layers[0].name', j->>'$.trials[3].params.\"optimizer.sgd.lr\"',
    j->>'$.trials[3].params.\"model.0.dense.activation\"', j->>'repeats'"

[ "$(ls)" = "$(printf '%s\n' err one.yaml out resolved.yaml sweep.yaml wrong.yaml)" ] || fail "something was written: $(ls)"
