#!/bin/sh
# The cache of prepared data, with real workers: one prepares, all map the same file, the bits are
# those without it, and whatever happens to the cache happens to no run.
. "$srcdir/tests/cli/lib.sh"
FELL_CACHE=$PWD/cache
export FELL_CACHE
${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -I"$srcdir/include" -shared -fPIC "$srcdir/tests/cli/counted.c" -o counted.so

# write_counted FILE [LINE...]: 1.3 MB of rows, and a log of who read them.
write_counted() {
    file=$1
    shift
    cat >"$file" <<'END'
seed: 1
data: {source: {counted: {log: LOG, wait: 0.2}}, validation: 0.1, transforms: [standardize]}
model: [{dense: {units: 2, activation: tanh}}, {dense: {units: 1}}]
loss: mse
optimizer: {sgd: {lr: 0.01}}
train: {epochs: 2, batch_size: 500}
repeats: 4
END
    sed -i "s|LOG|$PWD/log|" "$file"
    for line; do
        printf '%s\n' "$line" >>"$file"
    done
}

numbers() {
    sqlite3 -bail "$1" "SELECT run_id, epoch, train_loss, grad_norm_mean, grad_norm_max FROM epochs;
        SELECT * FROM metrics; SELECT * FROM gradients; SELECT DISTINCT detail FROM events WHERE kind = 'warning'"
}

# same DATABASE: as without the cache.
same() {
    numbers "$1" >now
    cmp -s off now || fail "$1 has other numbers than a run without the cache"
}

# entries N: so many there are, and nothing else is left.
entries() {
    [ "$(find cache -type f | wc -l)" = "$1" ] && [ "$(find cache -name '*.rows' | wc -l)" = "$1" ] ||
        fail "not $1 entries: $(ls cache)"
}

# readings N: so often were the rows read since the last call.
readings() {
    [ "$(wc -l <log)" = "$1" ] || fail "$(wc -l <log) readings, not $1"
    : >log
}

# run DATABASE [ARGUMENT...]
run() {
    db=$1
    shift
    expect_exit 0 "$FELL" run counted.yaml --plugin ./counted.so --quiet --jobs 2 --db "$db" "$@"
}
: >log
write_counted counted.yaml

# ---- off: every worker reads
FELL_CACHE=off run off.db
numbers off.db >off
[ -s off ] && grep -q "row 1 is the first" off || fail "nothing was recorded"
[ "$(wc -l <log)" -ge 1 ] && [ ! -e cache ] || fail "FELL_CACHE=off made a cache"
: >log

# ---- three experiments that start at once read once; the next one not at all
for i in 1 2 3; do
    "$FELL" run counted.yaml --plugin ./counted.so --quiet --jobs 2 --db "at-once-$i.db" 2>"err-$i" &
done
wait
readings 1
entries 1
for i in 1 2 3; do
    same "at-once-$i.db"
done
run warm.db
readings 0
entries 1
same warm.db

# ---- both workers map the same file, which nobody may write to
"$FELL" run counted.yaml --plugin ./counted.so --quiet --jobs 2 --db long.db train.epochs=1000000 2>/dev/null &
runner=$!
mapped=0
for i in $(seq 200); do
    mapped=$(cat /proc/[0-9]*/maps 2>/dev/null | grep -c "r--s.* $PWD/cache/[0-9a-f]*\.rows$" || :)
    [ "$mapped" -lt 2 ] || break
    sleep 0.05
done
kill -9 $runner
wait $runner 2>/dev/null || :
[ "$mapped" = 2 ] || fail "$mapped workers mapped the rows"
readings 0
entries 1

# ---- a damaged entry is found out and made anew
entry=$(echo cache/*.rows)
cp "$entry" whole
truncate -s 1000000 "$entry"
run cut.db
same cut.db
cmp -s "$entry" whole || fail "the truncated entry was not made anew"
printf x | dd of="$entry" bs=1 seek=700000 conv=notrunc 2>/dev/null
run bent.db
same bent.db
cmp -s "$entry" whole || fail "the changed entry was not made anew"
readings 2

# ---- somebody else's file, or a link, is no entry, whatever is in it
if [ "$(id -u)" = 0 ]; then
    chown 65534 "$entry"
    run stranger.db
    same stranger.db
    readings 1
    rm -f "$entry"
    cp whole "$entry"
fi
mv "$entry" other
ln -s "$PWD/other" "$entry"
run link.db
same link.db
readings 1
rm -f "$entry"
cp whole "$entry"

# ---- one that was killed while it prepared leaves a lock that holds nobody
rm "$entry"
"$FELL" run counted.yaml --plugin ./counted.so --quiet --db killed.db 2>/dev/null &
runner=$!
for i in $(seq 200); do
    [ ! -s log ] || break
    sleep 0.02
done
kill -9 $runner
wait $runner 2>/dev/null || :
run after.db
readings 2
entries 1
same after.db

# ---- other bytes of a plugin are another entry
${CC:-cc} -std=c17 -D_GNU_SOURCE -O2 -g -I"$srcdir/include" -shared -fPIC "$srcdir/tests/cli/counted.c" -o counted.so
run rebuilt.db
readings 1
entries 2
same rebuilt.db

# ---- no room: the oldest goes; nothing fits; a disk that is full; a folder that cannot be
FELL_CACHE_MB=2 run room.db seed=2
entries 1
readings 1
FELL_CACHE_MB=1 run tight.db seed=3
entries 1
(
    ulimit -f 1000 # blocks of 512 bytes
    FELL_CACHE=$PWD/full run full.db
)
same full.db
[ -z "$(ls full)" ] || fail "a part was left in the full folder"
: >file
FELL_CACHE=$PWD/file/folder run file.db
same file.db
FELL_CACHE=/proc/nowhere run nowhere.db
same nowhere.db
FELL_CACHE_MB=much expect_exit 2 "$FELL" run counted.yaml --plugin ./counted.so --quiet --db much.db
expect_text err "FELL_CACHE_MB is 'much'; it must be a whole number of MiB, 0 or more"

# ---- where it is
unset FELL_CACHE
XDG_CACHE_HOME=$PWD/xdg HOME=/nowhere run xdg.db
[ -n "$(find xdg/fellrunner -name '*.rows')" ] || fail "XDG_CACHE_HOME has no say"
XDG_CACHE_HOME='' HOME=$PWD/home run home.db
[ -n "$(find home/.cache/fellrunner -name '*.rows')" ] || fail "HOME has no say"
FELL_CACHE=$PWD/cache
export FELL_CACHE
rm -r cache

# ---- little data is not kept
write_sweep small.yaml
expect_exit 0 "$FELL" run small.yaml --quiet --jobs 2 --db small.db
entries 0

# ---- a data file that was changed, even if its size and its time say otherwise
awk 'BEGIN { print "a,b,c,d,e,f,g,h,y"; for (i = 10000; i < 40000; i++) print i % 7 "," i % 11 ",1,2,3,4,5,6," i % 3 }' >d.csv
sed 's/,2$/,1/' d.csv >changed.csv
cat >csv.yaml <<'END'
seed: 1
data: {source: {csv: {path: d.csv, target: y}}}
model: [{dense: {units: 1}}]
loss: mse
optimizer: {sgd: {lr: 0.001}}
train: {epochs: 1, batch_size: 1000}
END
expect_exit 0 "$FELL" run csv.yaml --quiet --db young.db
entries 0 # so new that its times say little
while [ $(($(date +%s) - $(stat -c %Z d.csv))) -lt 4 ]; do
    sleep 0.2
done
expect_exit 0 "$FELL" run csv.yaml --quiet --db settled.db
entries 1
expect_exit 0 "$FELL" run csv.yaml --quiet --db again.db
touch -r d.csv times
cat changed.csv >d.csv
touch -r times d.csv
expect_exit 0 "$FELL" run csv.yaml --quiet --db changed.db
FELL_CACHE=off expect_exit 0 "$FELL" run csv.yaml --quiet --db changed-off.db
for pair in "young settled" "young again" "changed changed-off"; do
    numbers "${pair% *}.db" >one
    numbers "${pair#* }.db" >other
    cmp -s one other || fail "$pair differ"
done
numbers young.db >one
! cmp -s one other || fail "other data, and the same numbers"
