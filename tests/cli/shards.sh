#!/bin/sh
# A sweep that is cut into shards: what `fell collect` makes of the share has every recorded row of the same sweep
# on one machine (times, hosts and processes apart), whatever happens to its tasks and segments.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
. "$srcdir/tests/cli/rows_lib.sh"
once "what is in a share"
TMPDIR=$PWD/tmp
mkdir "$TMPDIR"
export TMPDIR
write_spec sweep.yaml
cat >>sweep.yaml <<'END'
repeats: 2
checkpoint: {every: 10, keep: [last, best]}
sweep: {over: {optimizer.sgd.lr: [0.5, 0.2, 0.1], model.0.dense.activation: [tanh, relu]}}
END

shard() {
    place=$1
    shift
    "$FELL" run sweep.yaml --shard "$place" --share share --jobs 1 "$@"
}

expect_exit 0 "$FELL" run sweep.yaml --db one.db --quiet --jobs 1
for k in 3 0 2; do
    shard $k/4 >out 2>err || fail "shard $k: $(cat err)"
done
expect_text out "sweep: 2 runs, 2 finished, 0 failed" "fell collect share -o all.db"
[ -z "$(ls "$TMPDIR")" ] || fail "$TMPDIR holds $(ls "$TMPDIR")"
uid=$(sqlite3 one.db "SELECT substr(uid, 1, 8) FROM experiments")
[ -e "share/$uid/shard-0002/finished" ] || fail "shard 2 is not finished"
expect_exit 0 "$FELL" collect share -o all.db
expect_text out "8 new runs, 0 replaced, from 3 segments; 3 of 4 shards finished"
shard 1/4 --quiet
expect_exit 0 "$FELL" collect share --follow -o all.db
expect_text out "4 new runs, 0 replaced, from 1 segment; 4 of 4 shards finished"
expect_same one.db all.db
(cd one.db.checkpoints && find . -type f -exec sha256sum {} + | sort) >files.1
(cd all.db.checkpoints && find . -type f -exec sha256sum {} + | sort) >files.2
cmp files.1 files.2 || fail "the checkpoints differ"
sqlite3 share/"$uid"/shard-0000/seg-000000.db "PRAGMA journal_mode" | grep -qx delete || fail "a segment has a log"
# Once more: nothing is trained, and nothing is put in.
shard 1/4 >out
expect_text out "sweep: 4 runs, 4 finished"
expect_exit 0 "$FELL" collect share -o all.db --json
expect_json out "0|0|4|4" "j->>'segments', j->>'new_runs', j->>'shards', j->>'finished_shards'"
expect_same one.db all.db
# A database of many has all of the share, too.
expect_exit 0 "$FELL" run sweep.yaml name=other optimizer.sgd.momentum=0.5 --db many.db --quiet
expect_exit 0 "$FELL" collect share -o many.db --quiet
expect_sql many.db "2|24" "SELECT count(DISTINCT experiment_id), count(*) FROM runs"

# A segment that is torn is passed over and told; its task trains its runs again, beside it.
head -c 20000 "share/$uid/shard-0001/seg-000000.db" >torn
cat torn >"share/$uid/shard-0001/seg-000000.db"
expect_exit 1 "$FELL" collect share -o torn.db
expect_text err "seg-000000.db" "it is passed over" "rm -f share/$uid/shard-0001/seg-000000.db share/$uid/shard-0001/finished && fell submit --again share"
expect_exit 0 shard 1/4
expect_text err "its runs are trained again"
expect_exit 1 "$FELL" collect share -o torn.db
expect_same one.db torn.db

# What cannot be read is told once, and the rest is taken.
mv "share/$uid/shard-0001/finished" mark
echo no >"share/$uid/shard-0002/seg-000009.db"
"$FELL" collect share --follow -o torn.db 2>err >out &
follower=$!
sleep 2.5
mv mark "share/$uid/shard-0001/finished"
got=0
wait $follower || got=$?
[ $got = 1 ] || fail "collect ended with $got: $(cat err)"
[ "$(grep -c seg-000009 err)" = 1 ] || fail "told more than once: $(cat err)"
expect_same one.db torn.db
# The number of shards is not forgotten.
echo many >"share/$uid/tasks"
expect_exit 2 shard 1/4
expect_text err "does not say how many shards there are"

# Two tasks of one shard at once, and one that is killed: twice is once.
rm -r share
shard 0/2 --quiet &
one=$!
shard 0/2 --quiet &
two=$!
shard 1/2 --quiet
wait $one && wait $two || fail "one of two tasks of a shard failed"
expect_exit 0 "$FELL" collect share -o twice.db
expect_same one.db twice.db
[ -z "$(ls "$TMPDIR")" ] || fail "$TMPDIR holds $(ls "$TMPDIR")"

# Who else trained a run is kept; of two states in one epoch the later one stays, and a result in any case.
first=$(echo share/*/shard-0000/seg-000000.db)
for number in 8 9; do
    cp "$first" "${first%/*}/seg-00000$number.db"
    sqlite3 "${first%/*}/seg-00000$number.db" "DELETE FROM checkpoints; UPDATE runs SET host = 'at $number', uid = 'a' || substr(uid, 2), id = id + 100, trial = 50,
        status = 'interrupted' WHERE id = (SELECT min(id) FROM runs); UPDATE runs SET host = 'at $number' WHERE id < 100"
done
sqlite3 "${first%/*}/seg-000009.db" "INSERT INTO authors (run_id, user, host) SELECT max(id), 'ann', 'there' FROM runs WHERE id < 100"
expect_exit 0 "$FELL" collect share -o later.db --quiet
expect_sql later.db "1|at 9|0" "SELECT (SELECT count(*) FROM authors WHERE user = 'ann'), (SELECT host FROM runs WHERE status = 'interrupted'),
    (SELECT count(*) FROM runs WHERE status = 'finished' AND host LIKE 'at %')"

# A task that is told to end in the middle of a run, and killed in the middle of a run: another goes on.
crasher_spec sweep.yaml dawdle 'train: {epochs: 60, batch_size: 0}' 'checkpoint: {every: 5, keep: [last]}' \
    'sweep: {over: {optimizer.sgd.lr: [0.5, 0.2, 0.1]}}'
rm -r share
expect_exit 0 "$FELL" run sweep.yaml --plugin ./crasher.so --db slow.db --quiet
expect_exit 75 shard 0/1 --plugin ./crasher.so --until 0.6s
! ls share/*/shard-0000/finished 2>/dev/null || fail "the shard is said to be finished"
shard 0/1 --plugin ./crasher.so --quiet &
task=$!
sleep 0.5
kill -9 $task
wait $task || :
shard 0/1 --plugin ./crasher.so --quiet 2>err || fail "it does not go on: $(cat err)"
expect_exit 0 "$FELL" collect share -o gone.db
sqlite3 gone.db "DELETE FROM events WHERE kind IN ('resumed', 'started', 'interrupted')"
sqlite3 slow.db "DELETE FROM events WHERE kind IN ('resumed', 'started', 'interrupted')"
expect_same slow.db gone.db

# What does not go.
for word in 4/4 -1/4 1 1/ /4 0/0 a/b 0/10001; do
    expect_exit 2 "$FELL" run sweep.yaml --share share --shard "$word"
    expect_text err "--shard: '$word' is no K/N"
done
expect_exit 2 "$FELL" run sweep.yaml --shard 0/4
expect_exit 2 "$FELL" run sweep.yaml --share share
expect_text err "give both"
expect_exit 2 shard 0/4 --new
expect_exit 2 shard 0/4 --db x.db
expect_text err "--db does not go with --shard"
expect_exit 2 shard 0/2 --plugin ./crasher.so
expect_text err "has this experiment in 1 shards, not 2"
expect_exit 2 shard 0/2 --plugin ./crasher.so seed=null
expect_exit 2 "$FELL" collect nowhere -o x.db
expect_exit 2 "$FELL" collect share
expect_exit 2 "$FELL" collect "$TMPDIR" -o x.db
expect_text err "there is nothing of fell in"
[ ! -e x.db ] || fail "x.db was made"
write_spec tpe.yaml
echo 'sweep: {strategy: {tpe: {trials: 4}}, over: {optimizer.sgd.lr: {uniform: [0.1, 1]}}}' >>tpe.yaml
expect_exit 2 "$FELL" run tpe.yaml --shard 0/2 --share share
expect_text err "the strategy of this sweep learns from all trials"

# A task that was killed while it published: a part of a file, and checkpoints without a segment, mean nothing.
write_sweep sweep.yaml
expect_exit 0 "$FELL" run sweep.yaml --db whole.db --quiet --jobs 1
rm -r share
shard 0/1 --quiet
folder=$(echo share/*/shard-0000)
rm -r "$folder"/seg-* "$folder/finished"
mkdir -p "$folder/seg-000000.db.checkpoints/1"
echo half >"$folder/.part-elsewhere-1"
echo half >"$folder/seg-000000.db.checkpoints/1/last.safetensors"
shard 0/1 --quiet
[ -e "$folder/seg-000001.db" ] || fail "the next number was not taken: $(ls "$folder")"
expect_exit 0 "$FELL" collect share -o part.db
expect_same whole.db part.db

# A share that is full: it is said, what was trained stays and can be merged, and there is no part of a segment.
rm -r share
mkdir share
mount -t tmpfs -o size=40k tmpfs share 2>/dev/null || exit 0
trap 'umount "$scratch/share" || umount -l "$scratch/share"; clean_up' EXIT
expect_exit 1 shard 0/1
expect_text err "No space left on device" "what was trained is in '$TMPDIR/fell-"
kept=$(sed -n "s/.*what was trained is in '\([^']*\)'.*/\1/p" err)
! ls share/*/shard-0000/seg-* share/*/shard-0000/.part* 2>/dev/null || fail "something of a segment is there"
expect_exit 0 "$FELL" merge "$kept" -o kept.db
expect_same whole.db kept.db
mount -o remount,size=10m share
expect_exit 0 shard 0/1
expect_exit 0 "$FELL" collect share -o filled.db
expect_same whole.db filled.db
