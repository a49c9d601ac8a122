#!/bin/sh
# Who may read a database but not write it leaves nothing beside it that its owner could not write: before, while
# and after a sweep stores rows in it, and when a writer was killed.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"

# Another user where that can be had, else this one without the right to write.
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --clear-groups "$FELL" --version >/dev/null 2>&1; then
    reader="setpriv --reuid 65534 --clear-groups"
    mode=644
elif [ "$(id -u)" = 0 ]; then
    exit 77
else
    reader="env"
    mode=444
fi
chmod 755 .
mkdir shared
chmod 1777 shared

# Nothing beside shared/f.db belongs to somebody else, or is there at all.
nothing_left() {
    ls shared >left
    [ "$(cat left)" = f.db ] || fail "$1: left are $(tr '\n' ' ' <left)"
}
write_spec xor.yaml
expect_exit 0 "$FELL" run xor.yaml --quiet --db shared/f.db
chmod $mode shared/f.db
for command in runs "show 1" "best xor" "report xor" "verify 1"; do
    expect_exit 0 $reader "$FELL" $command --db shared/f.db
    nothing_left "$command"
done

# His own file in a folder where he may write nothing.
mkdir own
cp shared/f.db own
if [ "$reader" = env ]; then
    chmod 644 own/f.db
    chmod 555 own
else
    chown 65534 own/f.db
fi
expect_exit 0 $reader "$FELL" runs --db own/f.db
expect_text out xor
chmod 755 own

# While rows are stored the reader sees them, and the owner goes on.
chmod 644 shared/f.db
crasher_spec slow.yaml dawdle 'train: {epochs: 60, batch_size: 0}'
"$FELL" run slow.yaml --plugin ./crasher.so --quiet --db shared/f.db >run.out 2>run.err &
runner=$!
wait_until shared/f.db "SELECT count(*) >= 23 FROM epochs"
expect_exit 0 $reader "$FELL" runs --db shared/f.db
expect_text out slow running
find shared -newer slow.yaml ! -user "$(id -un)" >left
expect_empty left
kill -9 $runner
wait $runner || :

# The writer was killed: its log is still there, and is still its own.
expect_exit 0 $reader "$FELL" runs --db shared/f.db
find shared ! -user "$(id -un)" ! -name shared >left
expect_empty left
expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db shared/f.db
expect_sql shared/f.db "finished,finished" "SELECT group_concat(status) FROM runs"
nothing_left "the owner's last run"
