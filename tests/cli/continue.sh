#!/bin/sh
# An experiment that was killed goes on when it is run again, and ends with the very rows of one that
# was not; failed runs are tried again as often as the spec says; so many failures stop the rest.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"

# Everything recorded but times.
rows_of() {
    sqlite3 "$1" "SELECT r.id, r.trial, r.repeat, r.seed, r.status, r.epochs_done, r.uid FROM runs AS r ORDER BY r.id;
        SELECT run_id, epoch, hex(train_loss), hex(grad_norm_mean), hex(grad_norm_max), hex(lr) FROM epochs ORDER BY 1, 2;
        SELECT run_id, epoch, position, hex(grad_norm_mean), hex(weight_norm), hex(update_norm) FROM gradients ORDER BY 1, 2, 3;
        SELECT run_id, epoch, split, name, hex(value) FROM metrics ORDER BY 1, 2, 3, 4;
        SELECT run_id, path, value FROM run_params ORDER BY 1, 2"
}

# Killed again and again, each time a little later.
write_sweep sweep.yaml
expect_exit 0 "$FELL" run sweep.yaml train.epochs=3000 --quiet --db whole.db --jobs 2
rows_of whole.db >whole
for pause in 0.02 0.05 0.1 0.15 0.2 0.25; do
    "$FELL" run sweep.yaml train.epochs=3000 --quiet --db killed.db --jobs 2 >out 2>err &
    runner=$!
    sleep $pause
    kill -9 $runner 2>kill.err || true
    wait $runner 2>wait.err || true
    [ ! -e killed.db ] || expect_sql killed.db ok "PRAGMA integrity_check"
done
expect_exit 0 "$FELL" run sweep.yaml train.epochs=3000 --quiet --db killed.db --jobs 1
rows_of killed.db >killed
cmp whole killed || fail "a killed experiment ended with other rows"
expect_exit 0 "$FELL" run sweep.yaml train.epochs=3000 --db killed.db
expect_text out "finished already"

# The same with checkpoints: kill -9, Ctrl-C once and twice. Runs go on from their last state.
for signal in KILL INT TWICE; do
    for pause in 0.05 0.15 0.25; do
        "$FELL" run sweep.yaml train.epochs=3000 'checkpoint={every: 300}' --quiet --db $signal.db --jobs 2 >out 2>err &
        runner=$!
        sleep $pause
        case $signal in
        TWICE) kill -INT $runner 2>kill.err && sleep 0.06 && kill -INT $runner 2>kill.err || true ;;
        *) kill -$signal $runner 2>kill.err || true ;;
        esac
        wait $runner 2>wait.err || true
    done
    expect_exit 0 "$FELL" run sweep.yaml train.epochs=3000 'checkpoint={every: 300}' --quiet --db $signal.db --jobs 1
    rows_of $signal.db | sed 's/|[0-9a-f]\{64\}$//' >killed
    sed 's/|[0-9a-f]\{64\}$//' whole | cmp - killed || fail "$signal: other rows"
    expect_sql $signal.db ok "PRAGMA integrity_check"
    ! ls $signal.db.checkpoints/*/pause* 2>ls.err || fail "$signal: a state of a pause is left behind"
done

# A seed that was drawn is kept.
grep -v '^seed' sweep.yaml >drawn.yaml
"$FELL" run drawn.yaml train.epochs=100000 --quiet --db drawn.db --jobs 1 >out 2>err &
runner=$!
wait_until drawn.db "SELECT count(*) > 0 FROM epochs"
kill -INT $runner
wait $runner || true
seeds=$(sqlite3 drawn.db "SELECT group_concat(seed) FROM runs")
kill -0 $runner 2>kill.err && fail "the runner lives on"
expect_sql drawn.db "8|1" "SELECT count(*), count(DISTINCT experiment_id) FROM runs"
"$FELL" run drawn.yaml train.epochs=100000 --quiet --db drawn.db --jobs 1 >out 2>err &
runner=$!
wait_until drawn.db "SELECT count(*) = 2 FROM events WHERE run_id = 1 AND kind = 'started'"
kill -INT $runner
wait $runner || true
expect_sql drawn.db "8|1|$seeds" "SELECT count(*), count(DISTINCT experiment_id), group_concat(seed) FROM runs"
expect_sql drawn.db 1 "SELECT count(*) > 0 FROM events WHERE kind = 'resumed' AND detail LIKE 'after epoch %'"

# A run that crashed is tried again, and gives the rows of one that did not.
crasher_spec once.yaml once 'train: {epochs: 4, batch_size: 0}' 'retries: 1'
expect_exit 0 "$FELL" run once.yaml --plugin ./crasher.so --quiet --db once.db
expect_sql once.db "finished|4|4||" "SELECT status, epochs_done, (SELECT count(*) FROM epochs), error, signal FROM runs"
expect_sql once.db "started,retried,started" "SELECT group_concat(kind) FROM events WHERE kind IN ('started', 'retried')"
expect_sql once.db 1 "SELECT detail LIKE 'crashed: SIGABRT%boom%' FROM events WHERE kind = 'retried'"
crasher_spec always.yaml abort 'train: {epochs: 4, batch_size: 0}' 'retries: 2'
expect_exit 1 "$FELL" run always.yaml --plugin ./crasher.so --quiet --db always.db
expect_sql always.db "crashed|2" "SELECT status, (SELECT count(*) FROM events WHERE kind = 'retried') FROM runs"

# on_failure: the rest stays queued, and is trained when the experiment is run again.
for word in continue:4:0 stop:1:3 2:3:1; do
    rest=${word#*:}
    crasher_spec fails.yaml fail 'train: {epochs: 2, batch_size: 0}' 'repeats: 4' "on_failure: ${word%%:*}"
    expect_exit 1 "$FELL" run fails.yaml --plugin ./crasher.so --db "fails${word%%:*}.db" --jobs 1
    expect_sql "fails${word%%:*}.db" "${rest%:*}|${rest#*:}" "SELECT count(*) FILTER (WHERE status = 'failed'),
        count(*) FILTER (WHERE status = 'queued') FROM runs"
done
expect_exit 1 "$FELL" run fails.yaml --plugin ./crasher.so --db fails2.db --jobs 1
expect_sql fails2.db 4 "SELECT count(*) FROM runs WHERE status = 'failed'"

# --extend adds what is missing to the experiment of the name, finished or not; what it has stays.
expect_exit 0 "$FELL" run sweep.yaml --quiet --db more.db
rows_of more.db >before
expect_exit 0 "$FELL" run sweep.yaml 'sweep.over.optimizer.sgd.lr=[0.5, 0.2, 0.1]' repeats=3 --extend --db more.db
expect_text out "sweep: 18 runs, 18 finished, 0 failed"
expect_sql more.db "1|18|6|18" "SELECT (SELECT count(*) FROM experiments), count(*), count(DISTINCT trial), count(DISTINCT uid) FROM runs"
expect_sql more.db "0.1|6
0.2|6
0.5|6" "SELECT value, count(*) FROM run_params WHERE path LIKE '%lr' GROUP BY 1"
rows_of more.db >after
[ "$(grep -cxFf before after)" = "$(wc -l <before)" ] || fail "--extend changed what was there"
expect_exit 2 "$FELL" run sweep.yaml --extend --new --db more.db
expect_text err "--extend adds to an experiment and --new begins it anew: give one of them"
# Now that is the experiment, and it goes on under its new spec.
expect_exit 0 "$FELL" run sweep.yaml 'sweep.over.optimizer.sgd.lr=[0.5, 0.2, 0.1]' repeats=3 --db more.db
expect_text out "finished already (experiment 1)"
# The same runs, each alone, have the same numbers.
expect_exit 0 "$FELL" run sweep.yaml 'sweep.over.optimizer.sgd.lr=[0.5, 0.2, 0.1]' repeats=3 --quiet --db once.db --new
sqlite3 more.db "SELECT hex(train_loss), epoch FROM epochs ORDER BY 1, 2" >as_one
sqlite3 once.db "SELECT hex(train_loss), epoch FROM epochs JOIN runs AS r ON r.id = run_id JOIN experiments AS x
    ON x.id = experiment_id WHERE x.name = 'sweep' ORDER BY 1, 2" >whole
cmp as_one whole || fail "an extended experiment has other numbers"
# Its data have changed: the old runs are no company for new ones.
printf 'a,b,y\n1,2,0\n2,1,1\n3,2,0\n2,3,1\n' >rows.csv
sed 's/source: xor/source: {csv: {path: rows.csv, target: y}}/' sweep.yaml >csv.yaml
expect_exit 0 "$FELL" run csv.yaml --quiet --db csv.db
echo '5,5,1' >>rows.csv
expect_exit 2 "$FELL" run csv.yaml --extend --db csv.db repeats=3
expect_text err "cannot be extended" "rows.csv has changed since"
