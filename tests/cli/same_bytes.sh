#!/bin/sh
# Data files and plugins that change in the middle of a sweep: no run is trained on other bytes than the experiment
# says, and a plugin that is written over does not disturb those that have it loaded.
. "${srcdir:-.}/tests/cli/lib.sh"
once "when a file changes"
. "$srcdir/tests/cli/crash_lib.sh"

rows() { for i in $(seq "$1"); do echo "$i,$((i * i % 7)),$((i % 3))"; done; }
{ echo a,b,y && rows 60; } >long.csv
{ echo a,b,y && rows 40; } >short.csv
# A file that was changed a moment ago is hashed again by who reads it; the others are old ones.
touch -d '1 hour ago' long.csv short.csv
cp long.csv data.csv
# The same of a plugin: built now, used below when nobody has been at it for a while.
mkdir old
cp crasher.so old/crasher.so
plugin=./crasher.so
slow_spec() {
    crasher_spec "$1" dawdle 'train: {epochs: 25, batch_size: 0}' 'repeats: 8'
    sed -i 's/how: dawdle/&, rows: 60/; s/source: xor/source: {csv: {path: data.csv, target: y}}/; s/units: 1}/units: 3}/; s/loss: mse/loss: cross_entropy/' "$1"
}
slow_spec slow.yaml
sleep 3

# during NAME STATUS COMMAND...: after the second run has begun; what was told is left in said.
during() {
    db=$1.db wanted=$2
    shift 2
    "$FELL" run slow.yaml --plugin $plugin --jobs 1 --quiet --db "$db" >out 2>err &
    runner=$!
    wait_until "$db" "SELECT count(*) >= 2 FROM epochs WHERE run_id = 2"
    "$@"
    got=0
    wait $runner || got=$?
    cat out err >said
    [ "$got" = "$wanted" ] || fail "$db: the sweep ended with $got: $(cat said)"
}

for FELL_CACHE in off "$PWD/cache"; do
    export FELL_CACHE
    rm -f ./*.db*
    # Other rows: the runs that were under way end as they began, the others fail and say why.
    during other 1 cp short.csv data.csv
    expect_text said "'$PWD/data.csv' has changed since the experiment was begun"
    expect_sql other.db "60" "SELECT DISTINCT samples FROM epochs"
    expect_sql other.db 1 "SELECT sum(status = 'finished') >= 2 AND sum(status = 'failed') >= 2 AND count(DISTINCT status) = 2 FROM runs"
    expect_sql other.db "" "SELECT DISTINCT error FROM runs WHERE status = 'failed' AND error NOT LIKE '%data.csv'' has changed since%'"
    # A retry does not take them either, and with the old rows back it gives what the sweep would have given.
    expect_exit 2 "$FELL" retry slow --db other.db --plugin ./crasher.so
    cp long.csv data.csv
    expect_exit 0 "$FELL" retry slow --db other.db --plugin ./crasher.so --quiet
    expect_sql other.db "finished|60" "SELECT DISTINCT status, samples FROM runs JOIN epochs ON run_id = runs.id"
    # The same bytes in another file are the same data.
    during renewed 0 sh -c 'cp long.csv new.csv && mv new.csv data.csv'
    expect_sql renewed.db "finished|60" "SELECT DISTINCT status, samples FROM runs JOIN epochs ON run_id = runs.id"
done
FELL_CACHE=off

# What a reader finds in the middle of a change, here an empty file, is told as the change that it is.
during emptied 1 cp /dev/null data.csv
expect_sql emptied.db "1" "SELECT DISTINCT error LIKE '%data.csv'' has changed since%' FROM runs WHERE status = 'failed'"
cp long.csv data.csv

# The first weights.
expect_exit 0 "$FELL" export 1 --db renewed.db --safetensors weights.safetensors --plugin ./crasher.so
expect_exit 0 "$FELL" export 2 --db renewed.db --safetensors others.safetensors --plugin ./crasher.so
slow_spec slow.yaml
sed -i 's/^train: {/train: {initial_weights: weights.safetensors, /' slow.yaml
during weights 1 cp others.safetensors weights.safetensors
expect_text said "'$PWD/weights.safetensors' has changed since the experiment was begun"
expect_sql weights.db 1 "SELECT count(DISTINCT train_loss) = 1 FROM epochs WHERE epoch = 1"

# A plugin that is written over where it is: who has it loaded has a copy.
slow_spec slow.yaml
cp crasher.so crasher.bak
during written 0 sh -c 'head -c 20000 /dev/zero | tr "\0" "\314" >zeros; cat zeros >crasher.so'
expect_sql written.db "finished|200" "SELECT DISTINCT status, (SELECT count(*) FROM epochs) FROM runs"

# Built anew, and the worker that had the old one is gone: the next has another, and trains nothing with it.
cp crasher.bak crasher.so
${CC:-cc} -std=c17 -D_GNU_SOURCE -O0 -I"$srcdir/include" -shared -fPIC "$srcdir/tests/cli/crasher.c" -o rebuilt.so
rebuild() {
    cat rebuilt.so >$plugin
    kill -9 $(children $runner)
}
expect_other_plugin() {
    expect_text said "the activation 'crasher' ($PWD/${plugin#./}) has changed since the experiment was begun"
    expect_sql "$1" "finished,crashed,failed" "SELECT group_concat(status) FROM (SELECT DISTINCT status FROM runs ORDER BY id)"
    expect_sql "$1" 0 "SELECT count(*) FROM epochs JOIN runs ON runs.id = run_id WHERE status = 'failed'"
}
during rebuilt 1 rebuild
expect_other_plugin rebuilt.db

# So it is where the runner's hash of an old file would do for the workers: one that was touched has the same bytes
# still; others have been moved to its place, or written over it.
plugin=./old/crasher.so
touch_it() {
    touch -d '1 hour ago' $plugin
    kill -9 $(children $runner)
}
move_over() {
    touch -d '1 hour ago' rebuilt.so
    mv rebuilt.so $plugin
    kill -9 $(children $runner)
}
during touched 1 touch_it
expect_sql touched.db "finished 7,crashed 1" "SELECT group_concat(status || ' ' || n) FROM (SELECT status, count(*) AS n FROM runs GROUP BY 1 ORDER BY 2 DESC)"
during moved_over 1 move_over
expect_other_plugin moved_over.db
sleep 3
mv crasher.bak rebuilt.so
during written_over 1 rebuild
expect_other_plugin written_over.db
