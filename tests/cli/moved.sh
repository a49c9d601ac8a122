#!/bin/sh
# The database is deleted, renamed or replaced while a sweep stores rows in it: the command says so and fails, and
# what was stored is not gone.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
crasher_spec slow.yaml dawdle 'train: {epochs: 80, batch_size: 0}'
write_spec other.yaml
expect_exit 0 "$FELL" run other.yaml --quiet --db other.db

# moved NAME COMMAND...: it is done after some epochs.
moved() {
    name=$1
    shift
    "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db "$name/f.db" >out 2>err &
    runner=$!
    wait_until "$name/f.db" "SELECT count(*) >= 3 FROM epochs"
    rows=$(sqlite3 "$name/f.db" "SELECT count(*) FROM epochs")
    "$@"
    got=0
    wait $runner || got=$?
    cat out err >said
    case $got in 1 | 2) ;; *) fail "$name: the sweep ended with $got: $(cat said)" ;; esac
    expect_text said "$name/f.db' was deleted or replaced while runs were stored in it"
}
saved() {
    expect_text said "all that was stored is saved in '$1/f.db.saved-"
    set -- "$1"/f.db.saved-*
    expect_sql "$1" "ok" "PRAGMA integrity_check"
    expect_sql "$1" "1" "SELECT count(*) >= $rows FROM epochs"
    expect_exit 0 "$FELL" runs --db "$1"
}

mkdir deleted renamed replaced folder
moved deleted rm deleted/f.db deleted/f.db-wal deleted/f.db-shm
saved deleted
[ ! -e deleted/f.db ] || fail "a database was made again"
moved renamed mv renamed/f.db renamed/g.db
saved renamed
moved replaced sh -c "cp other.db replaced/g.db; rm -f replaced/f.db-wal replaced/f.db-shm; mv replaced/g.db replaced/f.db"
saved replaced
expect_sql replaced/f.db "other" "SELECT name FROM experiments"
cmp other.db replaced/f.db || fail "the new database was written to"

# Written over where it is: a shorter file, or the beginning of its own, is no database of ours any more.
expect_exit 0 "$FELL" run other.yaml train.epochs=3000 --quiet --db base.db
mkdir over cut vacuum
for name in over cut; do
    cp base.db $name/f.db
    change="cat other.db >over/f.db"
    [ $name = over ] || change="truncate -s 65536 cut/f.db"
    got=0
    "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db $name/f.db >out 2>said &
    runner=$!
    wait_until $name/f.db "SELECT count(*) >= 3 FROM epochs WHERE run_id = 2"
    sh -c "$change"
    wait $runner || got=$?
    [ $got = 1 ] || fail "$name: the sweep ended with $got: $(cat said)"
    grep -qE "f.db' was written over by somebody else|f.db is damaged" said || fail "$name: $(cat said)"
done
# VACUUM makes it shorter, too.
cp base.db vacuum/f.db
"$FELL" run slow.yaml --plugin ./crasher.so --quiet --db vacuum/f.db >out 2>said &
runner=$!
wait_until vacuum/f.db "SELECT count(*) >= 3 FROM epochs WHERE run_id = 2"
sqlite3 -bail vacuum/f.db ".timeout 9000" "DELETE FROM epochs WHERE run_id = 1" "VACUUM" "PRAGMA wal_checkpoint(TRUNCATE)" >out
wait $runner || fail "vacuum: the sweep ended with $?: $(cat said)"
expect_sql vacuum/f.db "ok|80" "SELECT (SELECT * FROM pragma_integrity_check), count(*) FROM epochs"

# Where there is no place to save it, that is said.
moved folder rm -r folder
expect_text said "the results of this sweep are lost"

# Saved, moved back and run again, it goes on.
mv deleted/f.db.saved-* deleted/f.db
expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db deleted/f.db
expect_sql deleted/f.db "finished|80" "SELECT status, (SELECT count(*) FROM epochs) FROM runs"
