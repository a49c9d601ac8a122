#!/bin/sh
# The database while others use it: a writer that holds the lock, a reader that does not let go,
# a file that is no database, a disk that is full.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
crasher_spec slow.yaml dawdle 'train: {epochs: 150, batch_size: 0}'
crasher_spec quick.yaml live 'train: {epochs: 20, batch_size: 0}'
run="$FELL run --plugin ./crasher.so --db r.db"
expect_exit 0 $run quick.yaml

# sqlite3, told what to do through the descriptor 9.
mkfifo told
sqlite3 r.db <told >held 2>&1 &
other=$!
exec 9>told

# Somebody holds the write lock: rows wait, and who it is is said.
$run slow.yaml >out 2>err 9>&- &
runner=$!
wait_until r.db "SELECT count(*) >= 3 FROM epochs WHERE run_id = 2"
echo "BEGIN IMMEDIATE; SELECT 'held', max(epoch) FROM epochs WHERE run_id = 2;" >&9
for _ in $(seq 200); do
    ! grep -q "is locked by sqlite3 (process $other)" out err || break
    sleep 0.05
done
cat out err >said
expect_text said "r.db is locked by sqlite3 (process $other); rows wait in memory until it is free"
expect_sql r.db "$(sed 's/.*|//' held)" "SELECT max(epoch) FROM epochs WHERE run_id = 2"
[ -d /proc/$runner ] || fail "the runner did not wait"
echo "COMMIT;" >&9
wait $runner || fail "the run failed: $(cat err)"
cat out err >said
expect_text said "the database is free again; nothing was lost"
expect_sql r.db "finished|150|150|600" "SELECT status, epochs_done, (SELECT count(*) FROM epochs WHERE run_id = 2),
    (SELECT count(*) FROM gradients WHERE run_id = 2) FROM runs WHERE id = 2"

# A reader keeps its view open: nobody waits, nothing is lost.
echo "BEGIN; SELECT count(*) FROM epochs;" >&9
for _ in $(seq 200); do
    ! grep -q '^170$' held || break
    sleep 0.05
done
expect_exit 0 $run quick.yaml --new
expect_exit 0 $run quick.yaml name=another
cat out err >said
expect_no_text said "locked"
expect_sql r.db "170|20" "SELECT (SELECT count(*) FROM epochs WHERE run_id < 4), count(*) FROM epochs WHERE run_id = 4"
exec 9>&-
wait $other || fail "sqlite3: $(cat held)"
expect_sql r.db ok "PRAGMA integrity_check"

# The lock is held before anything is stored: the runner waits for it.
sqlite3 r.db <told >held 2>&1 &
other=$!
exec 9>told
echo "BEGIN IMMEDIATE; SELECT 'held';" >&9
for _ in $(seq 200); do
    ! grep -q held held || break
    sleep 0.05
done
$run quick.yaml name=third >out 2>err 9>&- &
runner=$!
for _ in $(seq 200); do
    ! grep -q "is locked by" out err || break
    sleep 0.05
done
cat out err >said
expect_text said "is locked by sqlite3 (process $other)"
exec 9>&-
wait $other
wait $runner || fail "the run failed: $(cat err)"
expect_sql r.db "20|finished" "SELECT epochs_done, status FROM runs JOIN experiments AS x ON x.id = experiment_id
    WHERE name = 'third'"

# Not ours.
echo "no database, but a text that somebody may want to keep" >text.db
cp text.db copy
expect_exit 2 "$FELL" run quick.yaml --plugin ./crasher.so --db text.db
expect_text err "text.db is not a SQLite database"
cmp text.db copy || fail "the text was changed"
sqlite3 mine.db "CREATE TABLE t (a)"
expect_exit 2 "$FELL" run quick.yaml --plugin ./crasher.so --db mine.db
expect_text err "mine.db is a database of another program; give another file with --db"

# The disk is full: an error that says so, and the database is as good as before.
write_spec long.yaml
sed -i 's/epochs: 20/epochs: 20000/' long.yaml
expect_exit 0 "$FELL" run long.yaml train.epochs=5 --db full.db
(ulimit -f 1000 && exec "$FELL" run long.yaml name=much --db full.db >out 2>err) && fail "there was room for 20000 epochs"
expect_text err "full.db: the file may not grow (ulimit -f, or the most that its file system has); what was stored before is safe"
expect_sql full.db ok "PRAGMA integrity_check"
expect_sql full.db 5 "SELECT count(*) FROM epochs WHERE run_id = 1"
expect_exit 0 "$FELL" run long.yaml name=much --db full.db --new
expect_sql full.db 20000 "SELECT count(*) FROM epochs WHERE run_id = 2"
