#!/bin/sh
# Strategies and pruners act, and decide the same with any number of workers and after kills.
. "$srcdir/tests/cli/lib.sh"

base() {
    cat <<'END'
seed: 4
data: {source: {moons: {rows: 80}}, validation: 0.3}
model:
  - dense: {units: 6, activation: tanh}
  - dense: {units: 2}
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
metrics: [accuracy]
train: {epochs: 27, batch_size: 16}
repeats: 2
END
}

# sweep NAME STRATEGY PRUNER
sweep() {
    base >$1.yaml
    cat >>$1.yaml <<END
sweep:
  strategy: $2
  over:
    optimizer.adam.lr: {range: [1e-4, 1], log: true}
    model.0.dense.units: {range: [2, 8], type: int}
    model.0.dense.activation: [tanh, relu]
  objective: {minimize: validation.loss}
END
    [ -z "$3" ] || echo "  pruner: $3" >>$1.yaml
}

rows_of() {
    sqlite3 "$1" "SELECT trial, repeat, seed, uid, status, epochs_done FROM runs ORDER BY 1, 2;
        SELECT r.trial, r.repeat, e.epoch, hex(train_loss), hex(validation_loss) FROM epochs AS e JOIN runs AS r
            ON r.id = run_id ORDER BY 1, 2, 3;
        SELECT r.trial, r.repeat, path, value FROM run_params JOIN runs AS r ON r.id = run_id ORDER BY 1, 2, 3;
        SELECT r.trial, r.repeat, detail FROM events JOIN runs AS r ON r.id = run_id WHERE kind = 'pruned' ORDER BY 1, 2"
}

# same NAME TRIALS: one, two and eight workers, and two that are killed with their runner now and then.
same() {
    for jobs in 1 2 8; do
        expect_exit 0 "$FELL" run $1.yaml --quiet --db $1-$jobs.db --jobs $jobs
        rows_of $1-$jobs.db >$1-$jobs
        cmp $1-1 $1-$jobs || fail "$1: other rows with $jobs workers"
    done
    for pause in 0.03 0.06 0.09; do
        "$FELL" run $1.yaml --quiet --db $1-killed.db --jobs 3 >out 2>err &
        runner=$!
        sleep $pause
        kill -9 $runner 2>kill.err || :
        wait $runner 2>wait.err || :
    done
    expect_exit 0 "$FELL" run $1.yaml --quiet --db $1-killed.db --jobs 2
    rows_of $1-killed.db >$1-killed
    cmp $1-1 $1-killed || fail "$1: other rows after kills"
    expect_sql $1-1.db "$2|$((2 * $2))" "SELECT count(DISTINCT trial), count(*) FROM runs"
}

epochs_of() {
    sqlite3 "$1" "SELECT sum(epochs_done) FROM runs"
}

sweep plain '{random: {trials: 18}}' ''
same plain 18
whole=$(epochs_of plain-1.db)
[ $whole = $((18 * 2 * 27)) ] || fail "$whole epochs without a pruner"
for strategy in sobol halton latin; do
    sweep $strategy "{$strategy: {trials: 8}}" ''
    expect_exit 0 "$FELL" run $strategy.yaml train.epochs=1 --quiet --db $strategy.db
    expect_sql $strategy.db "8|16|1" "SELECT count(DISTINCT trial), count(*),
        (SELECT count(DISTINCT value) = 16 / 2 FROM run_params WHERE path LIKE '%lr') FROM runs"
done

# Each pruner spends less; what it keeps is trained to the end, and every end has its reason.
sweep median '{random: {trials: 18}}' '{median: {startup: 3, minimum: 3, lag: 2}}'
sweep asha '{random: {trials: 18}}' '{asha: {reduction: 3, minimum: 3, lag: 2}}'
sweep hyperband '{random: {trials: 18}}' '{hyperband: {reduction: 3, minimum: 3, lag: 2}}'
for pruner in median asha hyperband; do
    same $pruner 18
    spent=$(epochs_of $pruner-1.db)
    [ $spent -lt $((whole * 9 / 10)) ] || fail "$pruner: $spent of $whole epochs"
    expect_sql $pruner-1.db "0|0|1" "SELECT count(*) FILTER (WHERE status NOT IN ('finished', 'pruned')),
        count(*) FILTER (WHERE status = 'finished' AND epochs_done <> 27),
        (SELECT count(*) = (SELECT count(*) FROM runs WHERE status = 'pruned') AND min(detail LIKE '$pruner%: %')
         FROM events WHERE kind = 'pruned') FROM runs"
    # Both repeats of a trial end together.
    expect_sql $pruner-1.db 0 "SELECT count(*) FROM (SELECT trial FROM runs GROUP BY trial
        HAVING count(DISTINCT status) > 1 OR count(DISTINCT epochs_done) > 1)"
    [ ! -e $pruner-1.db.checkpoints ] || fail "a folder for states is left"
done

# Of a maximized objective the reasons give what was recorded.
sed 's/minimize: validation.loss/maximize: validation.accuracy/' median.yaml >accuracy.yaml
expect_exit 0 "$FELL" run accuracy.yaml --quiet --db accuracy.db --jobs 2
expect_sql accuracy.db "1|1" "SELECT count(*) > 4,
    min(abs(substr(detail, 9) - (SELECT avg(best) FROM (SELECT max(m.value) AS best FROM runs AS o JOIN metrics AS m ON m.run_id = o.id
        WHERE o.trial = r.trial AND m.split = 'validation' AND m.name = 'accuracy' AND m.epoch <= r.epochs_done GROUP BY o.id)))
    < 1e-6 AND substr(detail, 9) + 0 < substr(detail, instr(detail, 'than ') + 5) + 0)
    FROM events JOIN runs AS r ON r.id = run_id WHERE kind = 'pruned'"

# tpe knows earlier results, but for a lag: the first trials are those of any lag, later ones not.
sweep tpe '{tpe: {trials: 20, lag: 3, startup: 6}}' ''
same tpe 20
# A runner that was killed when all that it had stored was over, or before it stored a trial, has more to do.
for last in 12 0; do
    cp tpe-1.db half.db
    { echo "DELETE FROM runs WHERE trial >= $last;"
        sqlite3 half.db "SELECT format('DELETE FROM %w WHERE run_id NOT IN (SELECT id FROM runs);', t.name)
            FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c ON c.name = 'run_id' WHERE t.type = 'table'"
    } >forget.sql
    sqlite3 -bail half.db <forget.sql
    expect_exit 0 "$FELL" run tpe.yaml --quiet --db half.db --jobs 2
    rows_of half.db >half
    cmp tpe-1 half || fail "tpe: other rows after trial $last"
done
expect_exit 0 "$FELL" run tpe.yaml --db half.db
expect_text out "is finished already"
sweep both '{tpe: {trials: 20, lag: 3, startup: 6}}' '{asha: {reduction: 3, minimum: 3, lag: 2}}'
same both 20
sed 's/lag: 3, startup/lag: 7, startup/' tpe.yaml >lag.yaml
expect_exit 0 "$FELL" run lag.yaml --quiet --db lag.db --jobs 2
# rates DATABASE CONDITION: what the trials that meet it drew.
rates() {
    sqlite3 "$1" "SELECT value FROM run_params JOIN runs ON id = run_id WHERE repeat = 0 AND path LIKE '%lr' AND $2 ORDER BY trial"
}
[ "$(rates lag.db 'trial < 6')" = "$(rates tpe-1.db 'trial < 6')" ] || fail "the first points depend on the lag"
[ "$(rates lag.db 'trial > 12')" != "$(rates tpe-1.db 'trial > 12')" ] || fail "tpe does not look at results"

# A strategy with more trials goes on: those that are there are the first ones.
expect_exit 0 "$FELL" run tpe.yaml sweep.strategy.tpe.trials=24 --extend --db tpe-1.db
expect_sql tpe-1.db "24|48|1" "SELECT count(DISTINCT trial), count(*), count(DISTINCT experiment_id) FROM runs"

# By repeats, too: every trial gets them, and the later trials are chosen by the means. Killed, it goes on the same.
for name in once cut; do
    expect_exit 0 "$FELL" run tpe.yaml repeats=1 --quiet --db $name.db --jobs 2
done
expect_exit 0 "$FELL" run tpe.yaml sweep.strategy.tpe.trials=24 --extend --quiet --db once.db --jobs 2
expect_sql once.db "24|24|48" "SELECT count(*) FILTER (WHERE repeat = 0), count(*) FILTER (WHERE repeat = 1), count(*) FROM runs"
for pause in 0.03 0.05 0.07; do
    "$FELL" run tpe.yaml sweep.strategy.tpe.trials=24 --extend --quiet --db cut.db --jobs 2 >out 2>err &
    runner=$!
    sleep $pause
    kill -9 $runner 2>kill.err || :
    wait $runner 2>wait.err || :
done
expect_exit 0 "$FELL" run tpe.yaml sweep.strategy.tpe.trials=24 --extend --quiet --db cut.db
rows_of once.db >once
rows_of cut.db >extended
cmp once extended || fail "an extension that was killed has other rows"

# tpe that takes over from another strategy learns from its trials and repeats none of them, until all are there.
sweep few '{random: {trials: 12}}' ''
sed -i -e 's/lr: {range.*/lr: [0.1, 0.03, 0.01]/' -e 's/units: {range.*/units: [2, 3, 4, 5]/' few.yaml
expect_exit 0 "$FELL" run few.yaml train.epochs=1 --quiet --db few.db
sed 's/{random: {trials: 12}}/{tpe: {trials: 40, lag: 1, startup: 3}}/' few.yaml >over.yaml
expect_exit 0 "$FELL" run over.yaml name=few train.epochs=1 --extend --db few.db --jobs 2
expect_text err "40 trials are wanted, but the strategy has no more than 24: its next suggestions were all equal to an earlier one"
expect_sql few.db "24|48|24" "SELECT count(DISTINCT trial), count(*), (SELECT count(DISTINCT v) FROM
    (SELECT group_concat(value) AS v FROM run_params GROUP BY run_id)) FROM runs"

# What never acts is warned of.
warned() {
    file=$1
    shift
    expect_exit 0 "$FELL" plan $file "$@"
    cat out err >all
}
warned tpe.yaml sweep.strategy.tpe.trials=9
expect_text all "tpe.yaml:12:13: warning: no trial will be chosen from results: 6 (startup) must be known, the last 3 (lag) never are, and there are 9 trials"
warned asha.yaml sweep.pruner.asha.minimum=27
expect_text all "warning: nothing will be pruned: the first decision is after epoch 27 (minimum), and a run has 27 epochs"
warned median.yaml sweep.strategy.random.trials=5
expect_text all "warning: nothing will be pruned: 3 earlier trials must be known, the last 2 (lag) never are, and there are 5 trials"
for quiet in tpe.yaml asha.yaml; do
    warned $quiet
    expect_no_text all warning
done
