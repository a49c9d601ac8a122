#!/bin/sh
# fell report: what came of a sweep agrees with what the database says by other means; runs that failed
# or were pruned are told with why.
. "${srcdir:-.}/tests/cli/lib.sh"
db=results/fell.db

# Errors, and nothing is made by asking.
expect_exit 2 "$FELL" report
expect_text err "no results database"
[ ! -e results ] || fail "asking made a database"

# 6 rates x 2 activations x 2 repeats; every run with the largest rate diverges.
write_spec sweep.yaml
cat >>sweep.yaml <<'END'
repeats: 2
sweep:
  over:
    optimizer.sgd.lr: [0.5, 0.1, 0.05, 0.01, 0.001, 1e38]
    model.0.dense.activation: [identity, relu]
END
sed -i 's/activation: sigmoid, name: output/name: output/' sweep.yaml
expect_exit 1 "$FELL" run sweep.yaml --quiet
diverged=$(sqlite3 $db "SELECT count(*) FROM runs WHERE status = 'diverged'")
[ "$diverged" -ge 4 ] || fail "only $diverged runs diverged"
expect_exit 0 "$FELL" report
expect_text out "sweep (experiment 1): train.loss at its best epoch, 12 trials, mean and deviation of 2 repeats" \
    "24 of 24 runs done, $diverged diverged" leaderboard "best per value" "fANOVA" failures
expect_no_text out "pruned"
expect_exit 2 "$FELL" report swep
expect_text err "did you mean 'sweep'?"

# The same ranking as `fell best`, and the same means.
expect_exit 0 "$FELL" best sweep --json
cp out best.json
cp $db before.db
expect_exit 0 "$FELL" report sweep --json
cmp $db before.db || fail "the report changed the database"
cp out report.json
expect_json report.json 1 "j->'leaderboard' = (SELECT json(CAST(readfile('best.json') AS TEXT)))"
expect_json report.json "1|train.loss|minimize|12|$diverged|0" "j->>'experiment_id', j->>'objective', j->>'goal',
    json_array_length(j->'leaderboard'), j->>'\$.status.diverged', j->>'\$.status.pruned'"
# Every value of every setting, by the trials that had it.
expect_json report.json "8|2|12" "json_array_length(j->'values'),
    (SELECT count(DISTINCT value->>'setting') FROM json_each(j->'values')),
    (SELECT sum(value->>'trials') FROM json_each(j->'values') WHERE value->>'setting' = 'optimizer.sgd.lr')"
relu=$(sqlite3 $db "SELECT printf('%.9g|%.9g', avg(mean), min(mean)) FROM trials WHERE params->>'\$.\"model.0.dense.activation\"' = 'relu'")
expect_json report.json "$relu|6" "(SELECT printf('%.9g|%.9g|%d', value->>'mean', value->>'best', value->>'trials')
    FROM json_each(j->'values') WHERE value->>'value' = 'relu')"
best=$(sqlite3 $db "SELECT trial FROM trials WHERE mean IS NOT NULL ORDER BY mean LIMIT 1")
expect_json report.json 2 "(SELECT count(*) FROM json_each(j->'values') WHERE value->>'trial' = $best)"
expect_json report.json "$diverged" "(SELECT sum(value->>'failed_runs') FROM json_each(j->'values') WHERE value->>'setting' LIKE '%lr')"
# Failures with the same words are counted together.
expect_json report.json "1|$diverged" "(SELECT count(DISTINCT value->>'status') FROM json_each(j->'failures')),
    (SELECT sum(value->>'runs') FROM json_each(j->'failures'))"
expect_exit 0 "$FELL" report sweep --limit 1
expect_text out "... and 11 more; --limit 0 shows all" "together (at most 1)"
[ "$(sed -n '/^best per value/,/^importance/p' out | grep -c '^  \(model\|optimizer\)')" = 2 ] || fail "not the best value of each setting: $(cat out)"

# Importance: a value that only the rate decides is the rate's; what both decide together is the pair's.
cp $db made.db
sqlite3 -bail made.db "UPDATE runs SET status = 'finished'"
sqlite3 -bail made.db "UPDATE epochs SET train_loss = (SELECT
    (value > 0.03) * 1.0 FROM run_params AS p WHERE p.run_id = epochs.run_id AND path LIKE '%lr')"
expect_exit 0 "$FELL" report --json --db made.db
expect_json out "optimizer.sgd.lr|1|1|1" "j->>'\$.importance.shares[0].setting', j->>'\$.importance.shares[0].share' > 0.8,
    j->>'\$.importance.shares[1].share' < 0.15,
    j->>'\$.importance.r2' BETWEEN 0.3 AND 1"
expect_exit 0 "$FELL" report --db made.db
expect_text out "R2 of the forest on trials that it has not seen: 0."
sqlite3 -bail made.db "UPDATE epochs SET train_loss = (SELECT (sum(value = 'relu') AND sum(path LIKE '%lr' AND value > 0.03)) * 1.0
    FROM run_params AS p WHERE p.run_id = epochs.run_id)"
expect_exit 0 "$FELL" report --json --db made.db
expect_json out "3|1" "json_array_length(j->'\$.importance.shares'),
    (SELECT sum(value->>'share') FROM json_each(j->'\$.importance.shares') WHERE value->>'with' IS NOT NULL) > 0.03"

# Higher is better: the order turns around.
sqlite3 -bail made.db "UPDATE experiments SET objective = 'train.accuracy', goal = 'maximize'"
expect_exit 0 "$FELL" report --json --db made.db
expect_json out "1|1" "j->>'\$.leaderboard[0].mean' = (SELECT max(value->>'mean') FROM json_each(j->'leaderboard')),
    (SELECT max(value->>'best') FROM json_each(j->'values')) = j->>'\$.leaderboard[0].mean'"

# Pruned runs, by a pruner; 30 rates drawn at random are put into ranges.
write_spec pruned.yaml
cat >>pruned.yaml <<'END'
sweep:
  strategy: {random: {trials: 30}}
  pruner: {median: {minimum: 2, startup: 3}}
  over:
    optimizer.sgd.lr: {log_uniform: [0.001, 1]}
END
expect_exit 0 "$FELL" run pruned.yaml --quiet
pruned=$(sqlite3 $db "SELECT count(*) FROM runs WHERE status = 'pruned'")
[ "$pruned" -gt 3 ] || fail "only $pruned runs were pruned"
expect_exit 0 "$FELL" report
expect_text out "30 of 30 runs done, $pruned pruned" "pruned, those for the same reason together" "the median of"
expect_exit 0 "$FELL" report --json
expect_json out "$pruned|6|30|1" "(SELECT sum(value->>'runs') FROM json_each(j->'pruned')), json_array_length(j->'values'),
    (SELECT sum(value->>'trials') FROM json_each(j->'values')), j->>'\$.values[0].value' LIKE '0._% to 0._%'"
expect_json out 1 "json_array_length(j->'pruned') < $pruned"

# One run, nothing swept.
write_spec one.yaml
expect_exit 0 "$FELL" run one.yaml --quiet
expect_exit 0 "$FELL" report one
expect_text out "1 of 1 run done"
expect_no_text out importance
expect_exit 0 "$FELL" report one --json
expect_json out "0|no setting is swept|0" "json_array_length(j->'values'), j->>'\$.importance.why_not', json_array_length(j->'\$.importance.shares')"
