#!/bin/sh
# fell export of what was recorded: CSV gives back every row, typed, through sqlite3; event files are read by
# TensorBoard's own reader where ./bootstrap --tests could install it (tests/unit/test_event_file.c has the bytes).
. "${srcdir:-.}/tests/cli/lib.sh"
once "what is exported"

write_sweep sweep.yaml
cat >>sweep.yaml <<'END'
name: main
probes: [weights]
END
expect_exit 0 "$FELL" run sweep.yaml train.epochs=3 --quiet --db r.db
expect_exit 0 "$FELL" run sweep.yaml name=other train.epochs=2 --quiet --db r.db

# ---- tables ----------------------------------------------------------------------------------------------------

expect_exit 0 "$FELL" export main --csv tables --db r.db
expect_text out "tables: "
for table in experiments runs run_params epochs gradients metrics parameters probes events; do
    columns=$(sqlite3 r.db "SELECT group_concat(quote(name) || '.' || type, ' ') FROM (SELECT * FROM pragma_table_info('$table') ORDER BY cid)")
    got=$(sqlite3 :memory: ".import --csv tables/columns.csv c" "SELECT group_concat(quote(\"column\") || '.' || type, ' ') FROM c WHERE \"table\" = '$table'")
    [ "$got" = "$columns" ] || fail "columns of $table: $got, not $columns"
done
# Every number reads back as the same bits.
got=$(sqlite3 r.db ".import --csv tables/epochs.csv e" "SELECT count(*), total(CAST(e.train_loss AS REAL) = o.train_loss),
    total(CAST(e.grad_norm_mean AS REAL) = o.grad_norm_mean), total(CAST(e.lr AS REAL) = o.lr), total(e.test_loss = '' AND o.test_loss IS NULL)
    FROM e JOIN epochs AS o ON o.run_id = CAST(e.run_id AS INTEGER) AND o.epoch = CAST(e.epoch AS INTEGER)" "DROP TABLE e")
[ "$got" = "24|24.0|24.0|24.0|24.0" ] || fail "epochs differ: $got"
got=$(sqlite3 :memory: ".import --csv tables/runs.csv r" ".import --csv tables/experiments.csv e" "SELECT count(*), (SELECT name FROM e) FROM r")
[ "$got" = "8|main" ] || fail "other runs: $got"
# NULL is an empty field.
head -2 tables/epochs.csv | tail -1 | grep -q ',,' || fail "no NULL in epochs.csv"

# ---- a row an epoch ----------------------------------------------------------------------------------------------

expect_exit 0 "$FELL" export main --csv curves.csv --db r.db
expect_text out "curves.csv: 24 rows"
# More settings than a table can have columns.
cp r.db many.db
sqlite3 many.db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
    INSERT INTO run_params (run_id, path, value) SELECT (SELECT min(id) FROM runs), 'vars.p' || i, i FROM n"
expect_exit 1 "$FELL" export main --csv many.csv --db many.db
expect_text err "many.csv: one table would have a column for each of 250" "--csv FOLDER"
[ ! -e many.csv ] || fail "half a table was written"
expect_exit 0 "$FELL" export main --csv many --db many.db
[ "$(head -1 curves.csv)" = "experiment,trial,repeat,seed,status,model.0.dense.activation,optimizer.sgd.lr,run_id,epoch,$(
    sqlite3 r.db "SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('epochs') WHERE cid > 1 ORDER BY cid)"
),train.accuracy" ] || fail "another header: $(head -1 curves.csv)"
sqlite3 r.db "SELECT r.id, e.epoch, e.train_loss, m.value, (SELECT value FROM run_params WHERE run_id = r.id AND path LIKE '%lr')
    FROM runs r JOIN epochs e ON e.run_id = r.id JOIN metrics m ON m.run_id = r.id AND m.epoch = e.epoch
    WHERE r.id <= 8 ORDER BY r.id, e.epoch" >theirs
sqlite3 :memory: ".import --csv curves.csv c" "SELECT run_id, epoch, train_loss, \"train.accuracy\", \"optimizer.sgd.lr\" FROM c" >ours
awk -F'|' 'NR == FNR { a[NR] = $0; next } { split(a[FNR], w, "|"); for (i = 1; i <= 5; i++) { d = w[i] - $i; if (d * d > 1e-24) exit 1 } n++ }
    END { exit n != 24 }' theirs ours || fail "rows of curves.csv differ"
expect_exit 0 "$FELL" export 3 --csv one.csv --db r.db
expect_text out "one.csv: 3 rows"
# No two columns have one name.
sed -e 's/^    optimizer.sgd.lr:.*/    seed: [1, 2]/' -e 's/^name: main/name: seeds/' sweep.yaml >seeds.yaml
expect_exit 0 "$FELL" run seeds.yaml train.epochs=1 --quiet --db r.db
expect_exit 0 "$FELL" export seeds --csv seeds.csv --db r.db
head -1 seeds.csv | tr ',' '\n' | sort >names
expect_text names swept.seed
[ -z "$(uniq -d names)" ] || fail "columns of one name: $(uniq -d names)"

# ---- errors ------------------------------------------------------------------------------------------------------

expect_exit 2 "$FELL" export none --csv a.csv --db r.db
expect_text err "no experiment 'none'"
expect_exit 2 "$FELL" export 1 --csv a.csv --epoch 2 --db r.db
expect_text err "of all epochs"
expect_exit 2 "$FELL" export 1 --csv a.csv --plugin none.so --db r.db
expect_text err "--plugin: what was recorded needs"
expect_exit 2 "$FELL" export 1 --tensorboard a --trust . --db r.db
expect_text err "--trust: what"
expect_exit 1 "$FELL" export 1 --csv none/a.csv --db r.db
expect_exit 1 "$FELL" export 1 --tensorboard one.csv --db r.db

# ---- TensorBoard ---------------------------------------------------------------------------------------------------

expect_exit 0 "$FELL" export main --tensorboard logs --db r.db
expect_text out "logs: 8 runs"
[ "$(find logs -name 'events.out.tfevents.fell' | wc -l)" = 8 ] || fail "not a file for each run: $(find logs)"
[ -f logs/main/run-8/events.out.tfevents.fell ] || fail "another name: $(find logs)"
python=${FELL_VENV:-$srcdir/build/venv}/bin/python
"$python" -c 'import tensorboard' 2>why || exit 0
cat >read.py <<'END'
import sys
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
for event in EventFileLoader(sys.argv[1]).Load():
    for v in event.summary.value:
        print(event.step, v.tag, "%.6g" % v.tensor.float_val[0], sep="|")
END
"$python" read.py logs/main/run-3/events.out.tfevents.fell 2>/dev/null >said || fail "TensorBoard cannot read it"
sqlite3 r.db "SELECT epoch || '|' || tag || '|' || printf('%.6g', v) FROM (
    SELECT epoch, 'loss/train' AS tag, train_loss AS v FROM epochs WHERE run_id = 3
    UNION ALL SELECT epoch, 'accuracy/train', value FROM metrics WHERE run_id = 3
    UNION ALL SELECT epoch, 'grad_norm_mean/hidden.weight', grad_norm_mean FROM gradients WHERE run_id = 3 AND position = 0)" >wanted
[ "$(wc -l <wanted)" = 9 ] || fail "nothing to compare"
while read -r line; do
    grep -qxF "$line" said || fail "TensorBoard does not have $line: $(grep "$(echo "$line" | cut -d'|' -f2)" said)"
done <wanted
grep -q '^0|weights/' said || fail "no numbers of the probe: $(cat said)"
