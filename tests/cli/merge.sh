#!/bin/sh
# fell merge: every row of every database once, whatever the order and however often; of a run that
# several have, the one that got furthest; checkpoints go along.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
write_sweep sweep.yaml
write_spec one.yaml
echo 'checkpoint: {every: 5, keep: [last, best]}' >>sweep.yaml

# Everything that is no number of a row, as text, by uid.
rows() {
    sqlite3 -bail "$1" "SELECT uid, identity, name, spec, objective, goal, strategy, command FROM experiments ORDER BY uid;
        SELECT x.uid, d.role, d.path, d.sha256 FROM data_files AS d JOIN experiments AS x ON x.id = experiment_id ORDER BY 1, 2, 3;
        SELECT r.uid, x.uid, trial, repeat, seed, status, epochs_done, seconds, error, resolved FROM runs AS r
            JOIN experiments AS x ON x.id = experiment_id ORDER BY r.uid;
        SELECT r.uid, e.epoch, e.train_loss, e.grad_norm_mean, e.seconds FROM epochs AS e JOIN runs AS r ON r.id = run_id ORDER BY 1, 2"
    for t in run_params splits parameters gradients metrics plugins; do
        sqlite3 -bail "$1" "SELECT r.uid, t.* FROM $t AS t JOIN runs AS r ON r.id = run_id" | cut -d'|' -f 1,3- | sort
    done
    sqlite3 -bail "$1" "SELECT r.uid, at, kind, detail FROM events JOIN runs AS r ON r.id = run_id ORDER BY 1, events.id;
        SELECT r.uid, epoch, sha256, is_best FROM checkpoints JOIN runs AS r ON r.id = run_id ORDER BY 1, 2, 4"
}
expect_rows() {
    rows "$1" >rows.1
    rows "$2" >rows.2
    cmp rows.1 rows.2 || { diff rows.1 rows.2 | head; fail "$1 and $2 differ"; }
}

# Wrong input makes nothing.
expect_exit 0 "$FELL" run one.yaml --db one.db --quiet
echo text >text.db
expect_exit 2 "$FELL" merge one.db
expect_text err "where to? -o FILE"
expect_exit 2 "$FELL" merge one.db none.db -o new.db
expect_text err "no results database 'none.db'"
expect_exit 2 "$FELL" merge one.db text.db -o new.db
expect_text err "'text.db'"
[ ! -e new.db ] || fail "an error made new.db"
cp one.db before.db
expect_exit 2 "$FELL" merge one.db -o ./one.db
expect_text err "'one.db' is the output itself"
cmp one.db before.db || fail "one.db was changed"
expect_exit 2 "$FELL" merge one.db -o text.db
expect_text err "text.db is not a SQLite database"

# Two databases into one, in any order, and again.
expect_exit 0 "$FELL" run sweep.yaml --db a.db --quiet
expect_exit 0 "$FELL" run one.yaml seed=7 --db b.db --quiet
expect_exit 0 "$FELL" run one.yaml --db b.db --quiet
expect_exit 0 "$FELL" merge one.db a.db b.db -o c.db
expect_text out "c.db has 3 experiments, 10 runs"
expect_exit 0 "$FELL" merge b.db a.db one.db -o d.db --json
expect_json out "3|10|2|1|16" "j->>'experiments', j->>'runs', j->>'\$.sources[0].new_runs', j->>'\$.sources[2].known_runs',
    j->>'\$.sources[1].checkpoints'"
expect_sql c.db ok "PRAGMA integrity_check"
sqlite3 d.db "UPDATE runs SET seconds = 0; UPDATE epochs SET seconds = 0; UPDATE events SET at = ''; UPDATE experiments SET command = ''"
cp c.db e.db
sqlite3 e.db "UPDATE runs SET seconds = 0; UPDATE epochs SET seconds = 0; UPDATE events SET at = ''; UPDATE experiments SET command = ''"
expect_rows e.db d.db
sqlite3 c.db .dump >dump.1
expect_exit 0 "$FELL" merge a.db b.db -o c.db --json
expect_json out "0|0|8|2|0" "j->>'\$.sources[0].new_runs', j->>'\$.sources[0].replaced_runs', j->>'\$.sources[0].known_runs',
    j->>'\$.sources[1].known_runs', j->>'\$.sources[0].checkpoints'"
sqlite3 c.db .dump >dump.2
cmp dump.1 dump.2 || fail "the second merge changed something"
expect_exit 0 "$FELL" merge a.db -o only.db
expect_rows a.db only.db
expect_exit 0 "$FELL" run sweep.yaml --db c.db
expect_text out "is finished already"

# The checkpoints are c.db's own, and whole.
mv a.db.checkpoints gone
expect_sql c.db "16|16" "SELECT count(*), sum(path LIKE run_id || '/%') FROM checkpoints"
sqlite3 c.db "SELECT sha256 || '  c.db.checkpoints/' || path FROM checkpoints" | sha256sum --check --quiet || fail "a checkpoint is damaged"
expect_exit 0 "$FELL" merge a.db -o lost.db --json
expect_json out "8|0|16" "j->>'runs', j->>'\$.sources[0].checkpoints', j->>'\$.sources[0].lost_checkpoints'"
mv gone a.db.checkpoints

# Of a run that several have, the one with a result; then the one that failed; then the one with more epochs.
cp a.db part.db
cp -r a.db.checkpoints part.db.checkpoints
cp -r a.db.checkpoints less.db.checkpoints
sqlite3 -bail part.db "UPDATE runs SET status = 'failed', error = 'lost' WHERE id = 1; UPDATE runs SET status = 'interrupted' WHERE id = 2;
    UPDATE runs SET status = 'queued', epochs_done = 0 WHERE id = 3; DELETE FROM epochs WHERE run_id = 3 OR run_id = 2 AND epoch > 7;
    DELETE FROM gradients WHERE run_id = 3; DELETE FROM metrics WHERE run_id = 3"
cp part.db less.db
sqlite3 -bail less.db "UPDATE runs SET status = 'running' WHERE id IN (1, 2); DELETE FROM epochs WHERE run_id = 2 AND epoch > 5"
expect_exit 0 "$FELL" merge less.db -o f.db
expect_sql f.db "0|2" "SELECT sum(status = 'running'), sum(status = 'interrupted') FROM runs"
expect_exit 0 "$FELL" merge part.db -o f.db
expect_sql f.db "failed|interrupted|queued" "SELECT group_concat(status, '|') FROM (SELECT status FROM runs ORDER BY trial, repeat LIMIT 3)"
expect_sql f.db 7 "SELECT count(*) FROM epochs JOIN runs ON id = run_id WHERE trial = 0 AND repeat = 1"
expect_exit 0 "$FELL" merge less.db -o f.db --json
expect_json out "8" "j->>'\$.sources[0].known_runs'"
cp f.db resume.db
cp -r f.db.checkpoints resume.db.checkpoints
# A merge that fails leaves the old files as they were, and none of its own; one that is killed after its commit is
# done by the next.
(cd f.db.checkpoints && echo old >"$(ls | head -n 1)/last.safetensors" && find . -type f -exec sha256sum {} + | sort) >files.1
(ulimit -f 80 && "$FELL" merge a.db -o f.db) >out 2>err && fail "there was room for all rows"
expect_text err "the file may not grow"
(cd f.db.checkpoints && find . -type f -exec sha256sum {} + | sort) >files.2
cmp files.1 files.2 || fail "a merge that failed changed files: $(diff files.1 files.2)"
expect_exit 0 "$FELL" merge a.db -o f.db --json
expect_json out "3|5" "j->>'\$.sources[0].replaced_runs', j->>'\$.sources[0].known_runs'"
expect_rows a.db f.db
expect_sql f.db ok "PRAGMA integrity_check"
sqlite3 f.db "SELECT sha256 || '  f.db.checkpoints/' || path FROM checkpoints" >sums
sha256sum --check --quiet sums || fail "a checkpoint is not what its row says"
one=$(sed -n '1s/.*  //p' sums)
mv "$one" "$(dirname "$one")/.merged-$(basename "$one")"
echo old >"$one"
expect_exit 0 "$FELL" merge a.db -o f.db
sha256sum --check --quiet sums || fail "a file of a merge that was killed was not put in its place"

# What another machine began goes on here, to the same numbers.
sqlite3 -bail resume.db "UPDATE runs SET status = 'interrupted' WHERE status = 'failed'"
expect_exit 0 "$FELL" run sweep.yaml --db resume.db --quiet
expect_sql resume.db "" "ATTACH 'a.db' AS a; SELECT uid, epoch, train_loss FROM main.epochs JOIN main.runs ON id = run_id
    EXCEPT SELECT uid, epoch, train_loss FROM a.epochs JOIN a.runs ON id = run_id"
expect_sql resume.db 160 "SELECT count(*) FROM epochs"

# An experiment that each of two extended in an own way has all runs of both.
write_spec long.yaml
cp long.yaml short.yaml
printf 'name: grow\nsweep: {over: {optimizer.sgd.lr: [0.5]}}\n' >>short.yaml
expect_exit 0 "$FELL" run short.yaml --db g.db --quiet
cp g.db h.db
sed 's/\[0.5\]/[0.5, 0.1, 0.2]/' short.yaml >left.yaml
sed 's/\[0.5\]/[0.5, 0.3]/' short.yaml >right.yaml
expect_exit 0 "$FELL" run left.yaml --extend --db g.db --quiet
expect_exit 0 "$FELL" run right.yaml --extend --db h.db --quiet
expect_exit 0 "$FELL" merge g.db h.db -o gh.db
expect_exit 0 "$FELL" merge h.db g.db -o hg.db
for both in gh.db hg.db; do
    expect_sql $both "1|4|4|0.1,0.2,0.3,0.5" "SELECT (SELECT count(*) FROM experiments), (SELECT count(*) FROM runs), (SELECT count(DISTINCT trial) FROM runs),
        (SELECT group_concat(value) FROM (SELECT value FROM run_params ORDER BY value))"
    expect_sql $both "$(sqlite3 g.db "SELECT identity FROM experiments")" "SELECT identity FROM experiments"
done

# A database that is being written to is read as it is; one whose experiment runs is not merged into.
crasher_spec slow.yaml dawdle 'train: {epochs: 100000, batch_size: 0}'
"$FELL" run slow.yaml --plugin ./crasher.so --db live.db --quiet >run.out 2>&1 &
runner=$!
wait_until live.db "SELECT count(*) > 0 FROM epochs"
expect_exit 0 "$FELL" merge live.db -o copy.db
expect_sql copy.db "interrupted|1" "SELECT status, (SELECT count(*) > 0 FROM epochs) FROM runs"
expect_exit 1 "$FELL" merge copy.db -o live.db
expect_text err "live.db" "another fell process is running this very experiment now"
kill -9 $runner
wait $runner 2>>err || :
runner=

# A database of the schema before this one: as a source it is read and left as it is, as the target brought to
# today's.
gunzip -c "$srcdir/tests/reference/results-version-1.sqlite.gz" >old.db
cp old.db before.db
for count in 10 0; do # twice is once
    expect_exit 0 "$FELL" merge old.db -o new.db --json
    expect_json out "$count|$((10 - count))" "j->>'\$.sources[0].new_runs', j->>'\$.sources[0].known_runs'"
done
cmp old.db before.db || fail "merging changed an old database"
expect_sql new.db "8|ok" "SELECT user_version, integrity_check FROM pragma_user_version, pragma_integrity_check"
expect_sql new.db "old|1|validation.loss|minimize|best
bare|1|train.loss|minimize|best
wild|1|train.loss|minimize|best" "SELECT name, uid = identity, objective, goal, objective_at FROM experiments ORDER BY id"
for table in runs epochs gradients metrics steps run_params data_files plugins; do
    expect_sql new.db "$(sqlite3 old.db "SELECT count(*) FROM $table")" "SELECT count(*) FROM $table"
done
for version in 2 3 4 5 6 7; do
    gunzip -c "$srcdir/tests/reference/results-version-$version.sqlite.gz" >later.db
    cp later.db before.db
    rm -f all.db
    expect_exit 0 "$FELL" merge later.db -o all.db
    cmp later.db before.db || fail "merging changed a database of version $version"
    for table in runs epochs gradients metrics steps run_params; do
        sqlite3 all.db "ATTACH 'later.db' AS old; SELECT count(*) FROM $table AS t JOIN runs AS r ON r.id = $([ $table = runs ] && echo t.id || echo run_id)
            WHERE r.uid IN (SELECT uid FROM old.runs); SELECT count(*) FROM old.$table" >counts
        [ "$(sed -n 1p counts)" = "$(sed -n 2p counts)" ] || fail "version $version, $table: $(tr '\n' ' ' <counts)"
    done
    expect_sql all.db "8|ok" "SELECT user_version, integrity_check FROM pragma_user_version, pragma_integrity_check"
done
expect_exit 0 "$FELL" merge live.db -o old.db
expect_sql old.db "8|4" "SELECT user_version, (SELECT count(*) FROM experiments) FROM pragma_user_version"
