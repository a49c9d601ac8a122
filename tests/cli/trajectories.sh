#!/bin/sh
# Whole runs against PyTorch's in float64, read back with sqlite3: every epoch's train_loss,
# lr, gradient norms and weight norms, in all and per tensor, within 1e-3 of the reference
# (relative to the larger of the value and 1e-4).
. "$srcdir/tests/cli/lib.sh"

folder=$srcdir/tests/reference/trajectories
for name in xor-sgd iris-adam iris-batchnorm iris-lbfgs iris-plateau iris-one-cycle iris-warm-restarts digits-nesterov \
    digits-cnn; do
    expect_exit 0 "$FELL" run "$folder/$name.yaml" --quiet --db fell.db
    sqlite3 -bail fell.db >report <<EOF
CREATE TEMP TABLE reference AS SELECT value AS epoch FROM
    json_each((SELECT CAST(readfile('$folder/$name.json') AS TEXT)), '\$.epochs');
CREATE TEMP TABLE run AS SELECT r.id FROM runs r JOIN experiments x ON x.id = experiment_id WHERE name = '$name';
CREATE TEMP TABLE pairs AS
    WITH wanted(epoch, layer, tensor, what, value) AS (
        SELECT e.epoch->>'epoch', NULL, NULL, w.key, w.value FROM reference e, json_each(e.epoch) w
            WHERE w.key IN ('train_loss', 'lr', 'grad_norm_mean', 'grad_norm_max')
        UNION ALL
        SELECT e.epoch->>'epoch', substr(t.key, 1, instr(t.key, '.') - 1), substr(t.key, instr(t.key, '.') + 1),
            w.key, w.value FROM reference e, json_each(e.epoch->'parameters') t, json_each(t.value) w)
    SELECT w.*, CASE
        WHEN layer IS NULL THEN (SELECT CASE what WHEN 'train_loss' THEN train_loss WHEN 'lr' THEN lr
            WHEN 'grad_norm_mean' THEN grad_norm_mean ELSE grad_norm_max END
            FROM epochs e WHERE run_id = (SELECT id FROM run) AND e.epoch = w.epoch)
        ELSE (SELECT CASE what WHEN 'grad_norm_mean' THEN grad_norm_mean WHEN 'grad_norm_max' THEN grad_norm_max
            WHEN 'weight_norm' THEN weight_norm END FROM gradient_norms g
            WHERE run = (SELECT id FROM run) AND g.epoch = w.epoch AND g.layer = w.layer AND parameter = w.tensor)
        END AS got FROM wanted w;
SELECT count(*) FROM pairs;
SELECT epoch, layer, tensor, what, value, got FROM pairs
    WHERE got IS NULL OR abs(got - value) > 1e-3 * max(abs(value), 1e-4) LIMIT 5;
EOF
    # As many numbers as the reference has: four an epoch and three a tensor.
    expect_sql :memory: "$(head -n 1 report)" "SELECT json_array_length(j, '\$.epochs') * (4 + 3 *
        (SELECT count(*) FROM json_each(j, '\$.epochs[0].parameters')))
        FROM (SELECT CAST(readfile('$folder/$name.json') AS TEXT) AS j)"
    [ "$(wc -l <report)" = 1 ] || fail "$name differs from the reference: $(tail -n +2 report)"
done
