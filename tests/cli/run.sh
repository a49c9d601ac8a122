#!/bin/sh
# fell run without a terminal: what it prints, what it stores, how it ends.
. "${srcdir:-.}/tests/cli/lib.sh"
write_spec one.yaml
write_sweep sweep.yaml

# One run: a line for each tenth, the end, the table, what to type next; no escape codes.
expect_exit 0 "$FELL" run one.yaml
expect_empty err
expect_text out "one: 1 run, 1 worker" "run 1 epoch 2/20, train loss " "run 1 epoch 18/20, " \
    "run 1 finished: 20 epochs, train loss " "fell show 1" "fell export 1 --safetensors one.safetensors" \
    "sqlite3 -box results/fell.db"
[ "$(grep -c '^run 1 epoch' out)" = 9 ] || fail "not one line for each tenth of the run: $(cat out)"
! grep -q "$(printf '\033')" out || fail "escape codes without a terminal"
expect_sql results/fell.db "20|finished|one|fell run one.yaml" \
    "SELECT epochs_done, status, name, command FROM runs JOIN experiments ON experiments.id = experiment_id"
expect_sql results/fell.db 20 "SELECT count(*) FROM epochs"

# What is printed can be typed.
sed -n '/^next$/,$p' out | sed -e 1d -e 's/^  //' -e "s,^fell,\"\$FELL\"," >next.sh
[ "$(wc -l <next.sh)" = 4 ] || fail "not four commands: $(cat next.sh)"
expect_exit 0 sh -eu next.sh
expect_text out "hidden" "0.25"
[ -s one.safetensors ] || fail "nothing was exported"
[ -s one.html ] || fail "there is no page"

# Finished is finished, --new begins anew and replaces.
expect_exit 0 "$FELL" run one.yaml
expect_text out "one is finished already (experiment 1); --new trains it again" "fell show 1"
expect_sql results/fell.db 1 "SELECT count(*) FROM runs"
expect_exit 0 "$FELL" run one.yaml --new
expect_text out " finished: 20 epochs"
expect_sql results/fell.db "1|20" "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM epochs)"

# An override makes another experiment.
expect_exit 0 "$FELL" run one.yaml train.epochs=3 --quiet
expect_empty out
expect_empty err
expect_sql results/fell.db "3|20" "SELECT min(epochs_done), max(epochs_done) FROM runs"

# A sweep on two workers: every trial with every repeat, once.
expect_exit 0 "$FELL" run sweep.yaml --jobs 2 --db deep/er/sweep.db
expect_text out "sweep: 8 runs, 2 workers" "sweep: 8 runs, 8 finished, 0 failed" "fell best sweep --db deep/er/sweep.db"
[ "$(grep -c ' finished: 20 epochs' out)" = 8 ] || fail "not a line for each run: $(cat out)"
expect_sql deep/er/sweep.db "8|8" "SELECT count(*), count(DISTINCT trial || '-' || repeat) FROM runs"
expect_sql deep/er/sweep.db "4" "SELECT count(DISTINCT params) FROM sweep"
expect_sql deep/er/sweep.db "real,text" \
    "SELECT group_concat(t) FROM (SELECT DISTINCT typeof(value) AS t FROM run_params ORDER BY 1)"

# Many runs: the table ends after twenty.
expect_exit 0 "$FELL" run sweep.yaml repeats=6 --db many.db
expect_text out "... and 4 more; fell best sweep --db many.db"

# A run that diverges is said at once, on standard error, and the others go on.
expect_exit 1 "$FELL" run sweep.yaml optimizer.sgd.lr=0.5 "sweep.over.optimizer.sgd.lr=[0.1, 1e38]" \
    "loss=mse" "model.1.dense.activation=identity" --db bad.db
expect_text err "diverged after " "lr=1e+38"
expect_text out "sweep: 8 runs, " "diverged"
expect_sql bad.db "4|4" "SELECT sum(status = 'finished'), sum(status = 'diverged') FROM runs"
expect_exit 1 "$FELL" run sweep.yaml optimizer.sgd.lr=0.5 "sweep.over.optimizer.sgd.lr=[0.1, 1e38]" \
    "loss=mse" "model.1.dense.activation=identity" --db bad.db
expect_text out "finished already"

# Errors: nothing is stored, nothing made.
expect_exit 2 "$FELL" run one.yaml loss=msse --db none/fell.db
expect_text err "command line:" "did you mean 'mse'?"
expect_empty out
[ ! -e none ] || fail "an error of the spec made a database"
expect_exit 2 "$FELL" run absent.yaml
expect_text err "absent.yaml"
expect_exit 2 "$FELL" run one.yaml --plugin ./absent.so
expect_text err "absent.so"
echo "not a database, but long enough that it could have been one" >file.db
expect_exit 2 "$FELL" run one.yaml --db file.db
expect_text err "file.db"

# Ctrl-C: what was recorded stays, and the run says so.
mkfifo pipe
"$FELL" run one.yaml train.epochs=1000000000 name=long --db long.db --json >pipe 2>err &
fell=$!
exec 3<pipe
while read -r line <&3; do
    case $line in *'"event":"epoch"'*) break ;; esac
done
kill -INT $fell
cat <&3 >rest
exec 3<&-
got=0
wait $fell || got=$?
[ $got = 130 ] || fail "interrupted, it ended with $got"
expect_text rest '"interrupted":true'
expect_sql long.db "interrupted|1" "SELECT status, epochs_done > 0 FROM runs"
expect_sql long.db 1 "SELECT (SELECT epochs_done FROM runs) = (SELECT max(epoch) FROM epochs)"

# A reader that goes away ends nothing.
"$FELL" run one.yaml --db gone.db | head -n 1 >out
expect_sql gone.db "finished" "SELECT status FROM runs"
