#!/bin/sh
# Databases of every earlier version of the schema: what reads shows them and leaves them as they are; an interrupted
# experiment in one goes on to the rows of one that was never interrupted; host and user are there from then on.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"

for version in 1 2 3 4 5 6 7; do
    gunzip -c "$srcdir/tests/reference/results-version-$version.sqlite.gz" >v$version.db
    expect_sql v$version.db $version "PRAGMA user_version"
    cp v$version.db before$version.db
done

# ---- they are read -----------------------------------------------------------------------------------

expect_exit 0 "$FELL" runs --limit 0 --json --db v1.db
expect_json out "10|old" "json_array_length(j), j->>'\$[9].experiment'"
expect_exit 0 "$FELL" show 1 --db v1.db
expect_text out "objective      validation.loss" "lr             0.5" "best           0.8434" "best epoch     1"
expect_exit 0 "$FELL" show 9 --db v1.db
expect_text out "objective      train.loss" "best           0.2555"
expect_exit 0 "$FELL" report old --db v1.db
expect_text out "old (experiment 1): validation.loss at its best epoch, 4 trials" "8 of 8 runs done, 4 diverged" \
    "0  tanh          0.5  0.8505  ± 0.01   2  0.8434    1"
expect_exit 0 "$FELL" compare 1 3 --db v1.db
expect_text out "model.1.relu.name" "validation.loss"
expect_exit 0 "$FELL" watch old --once --db v1.db
expect_text out "best validation.loss 0.8295, run 3 (activation=relu lr=0.5)"

expect_exit 0 "$FELL" runs --status interrupted --json --db v2.db
expect_json out "1|bare|2" "json_array_length(j), j->>'\$[0].experiment', j->>'\$[0].epochs_done'"
expect_exit 0 "$FELL" show 1 --db v2.db
expect_text out "objective      train.loss" "best           0.6991" "best epoch     6"
expect_exit 0 "$FELL" report old --db v2.db
expect_text out "old (experiment 1): train.loss at its best epoch, 2 trials" "4 of 4 runs done" \
    "1  0.2481  0.7043  ± 0.012  2  0.6959    3"
expect_exit 0 "$FELL" compare 1 3 --db v2.db
expect_text out "optimizer.sgd.lr  0.1471  0.2481" "0.6991      0.6959"
for version in 3 4 5 6 7; do
    expect_exit 0 "$FELL" runs --limit 0 --json --db v$version.db
    expect_json out "6|bare|interrupted" "json_array_length(j), j->>'\$[0].experiment', j->>'\$[0].status'"
    expect_exit 0 "$FELL" show 1 --db v$version.db
    expect_text out "objective      train.loss" "accuracy"
    expect_exit 0 "$FELL" report old --db v$version.db
    expect_text out "train.loss at its best epoch, 2 trials" "4 of 4 runs done"
    expect_exit 0 "$FELL" compare 1 3 --db v$version.db
    case $version in
    6 | 7) expect_text out "model.0.dense.units      3      5" ;;
    *) expect_text out "optimizer.sgd.lr" "0.1471  0.2481" ;;
    esac
done
for version in 1 2 3 4 5 6 7; do
    cmp v$version.db before$version.db || fail "a command that reads changed a database of version $version"
done

# ---- who and where -----------------------------------------------------------------------------------

write_spec one.yaml
expect_exit 0 env USER=ada LOGNAME=other "$FELL" run one.yaml --quiet --db who.db
expect_exit 0 env -u USER LOGNAME=bob "$FELL" run one.yaml name=two --quiet --db who.db
expect_exit 0 env -u USER -u LOGNAME "$FELL" run one.yaml name=three --quiet --db who.db
here=$(uname -n)
expect_sql who.db "ada|$here|ada|$here
bob|$here|bob|$here
$(id -u)|$here|$(id -u)|$here" \
    "SELECT x.user, x.host, r.user, r.host FROM runs AS r JOIN experiments AS x ON x.id = experiment_id ORDER BY r.id"

# ---- they go on --------------------------------------------------------------------------------------

# Everything recorded but times.
rows_of() {
    sqlite3 "$1" "SELECT id, trial, repeat, seed, status, epochs_done, uid, resolved FROM runs ORDER BY id;
        SELECT run_id, epoch, format('%!.17g', train_loss), format('%!.17g', validation_loss), format('%!.17g', grad_norm_mean), format('%!.17g', lr), samples FROM epochs ORDER BY 1, 2;
        SELECT run_id, epoch, position, format('%!.17g', grad_norm_mean), format('%!.17g', weight_norm), format('%!.17g', update_norm) FROM gradients ORDER BY 1, 2, 3;
        SELECT run_id, epoch, split, name, format('%!.17g', value) FROM metrics ORDER BY 1, 2, 3, 4;
        SELECT run_id, path, value FROM run_params ORDER BY 1, 2;
        SELECT uid, objective, goal, objective_at, strategy FROM experiments"
}

# as_old FILE OLD: FILE gets the tables of the database OLD, with the rows of today.db.
as_old() {
    cp "$2" "$1"
    sqlite3 "$1" "SELECT format('DELETE FROM %s; INSERT INTO %s (%s) SELECT %s FROM today.%s;', t.name, t.name, c, c, t.name)
        FROM (SELECT t.name, group_concat(c.name) AS c FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
            WHERE t.type = 'table' GROUP BY 1) AS t" >fill.sql
    sqlite3 -bail "$1" "ATTACH 'today.db' AS today" ".read fill.sql"
}

crasher_spec slow.yaml dawdle 'name: slow' 'train: {epochs: 50, batch_size: 0}' 'metrics: [accuracy]' 'repeats: 2' \
    'sweep: {over: {optimizer.sgd.lr: [0.1, 0.2]}}'
expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db whole.db
rows_of whole.db >whole
USER=ada "$FELL" run slow.yaml --plugin ./crasher.so --quiet --jobs 1 --db today.db >run.out 2>&1 &
runner=$!
wait_until today.db "SELECT count(*) > 0 FROM epochs WHERE run_id = 2 AND epoch > 2"
kill -INT $runner
wait $runner || :
expect_sql today.db "1|1" "SELECT count(*) FILTER (WHERE status = 'interrupted'), count(*) FILTER (WHERE status = 'finished') > 0 FROM runs"
done_before=$(sqlite3 today.db "SELECT group_concat(id) FROM runs WHERE status = 'finished'")
begun=$(sqlite3 today.db "SELECT id FROM runs WHERE status = 'interrupted'")
for version in 1 2 3 4 5 6 7; do
    as_old old.db before$version.db
    rm -rf old.db.checkpoints
    cp -r today.db.checkpoints old.db.checkpoints
    # Version 3 is the first to say where, and for whom.
    columns=2 who=ada where="$here ada"
    [ $version -gt 2 ] || columns=0 who='' where=''
    expect_sql old.db "$version|$columns" "SELECT user_version, (SELECT count(*) FROM pragma_table_info('runs')
        WHERE name IN ('host', 'user')) FROM pragma_user_version"
    expect_exit 0 env USER=bob "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db old.db
    rows_of old.db >rows
    cmp whole rows || fail "an experiment that began in version $version ended with other rows: $(diff whole rows | head)"
    expect_sql old.db "$(sqlite3 whole.db 'PRAGMA user_version')|ok" "SELECT * FROM pragma_user_version, pragma_integrity_check"
    expect_sql old.db "$begun" "SELECT run_id FROM events WHERE kind = 'resumed'"
    expect_sql old.db "$who|$where|$done_before
$who|$here bob|$(sqlite3 today.db "SELECT group_concat(id) FROM runs WHERE status <> 'finished'")" \
        "SELECT x.user, r.host || ' ' || r.user, group_concat(r.id) FROM runs AS r JOIN experiments AS x ON x.id = experiment_id GROUP BY 1, 2"
    expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --db old.db
    expect_text out "finished already"
done
