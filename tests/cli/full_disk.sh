#!/bin/sh
# A disk that is full: a clear error, a database that opens and is whole, and the experiment goes on once there
# is room again, to the rows of one that was never stopped. Needs the right to mount a small file system.
. "${srcdir:-.}/tests/cli/lib.sh"
mkdir disk
mount -t tmpfs -o size=8m tmpfs disk 2>mount.err || exit 77
trap 'umount "$scratch/disk" || umount -l "$scratch/disk"; clean_up' EXIT

rows_of() {
    sqlite3 "$1" "SELECT id, trial, repeat, seed, status, epochs_done, error FROM runs ORDER BY id;
        SELECT run_id, epoch, hex(train_loss), hex(grad_norm_mean) FROM epochs ORDER BY 1, 2;
        SELECT run_id, epoch, position, hex(weight_norm) FROM gradients ORDER BY 1, 2, 3"
}

# Rows of more than the disk has: the runner says so and ends.
write_sweep rows.yaml
expect_exit 0 "$FELL" run rows.yaml train.epochs=5000 --quiet --db whole.db
expect_exit 1 "$FELL" run rows.yaml train.epochs=5000 --quiet --db disk/fell.db --jobs 1
expect_text err "disk/fell.db: the disk is full; what was stored before is safe. Make room and run again"
expect_sql disk/fell.db ok "PRAGMA integrity_check"
# What fitted is there, epoch for epoch.
expect_sql disk/fell.db "8|1|1" "SELECT (SELECT count(*) FROM runs), count(*) BETWEEN 100 AND 39000,
    (SELECT count(*) FROM gradients) = 4 * count(*) FROM epochs"
# Still full, it says so again, and begins nothing.
expect_exit 2 "$FELL" run rows.yaml train.epochs=5000 --quiet --db disk/fell.db --jobs 1
expect_text err "the disk is full; what was stored before is safe. Make room and run again"
expect_sql disk/fell.db ok "PRAGMA integrity_check"
mount -o remount,size=64m disk
expect_exit 0 "$FELL" run rows.yaml train.epochs=5000 --quiet --db disk/fell.db --jobs 1
rows_of whole.db >whole
rows_of disk/fell.db >filled
cmp whole filled || fail "after a full disk there are other rows"

# A checkpoint that the disk has no room for ends its run, which can be trained again.
rm -r disk/*
mount -o remount,size=8m disk
write_spec big.yaml
expect_exit 1 "$FELL" run big.yaml model.0.dense.units=200000 'checkpoint={every: 1}' train.epochs=4 --quiet --db disk/big.db
expect_text err "No space left on device"
expect_sql disk/big.db ok "PRAGMA integrity_check"
expect_sql disk/big.db "failed|1" "SELECT status, error LIKE '%disk/big.db.checkpoints/1/%No space left on device%' FROM runs"
mount -o remount,size=64m disk
expect_exit 0 "$FELL" retry big --quiet --db disk/big.db
expect_sql disk/big.db "finished|4|1" "SELECT status, epochs_done, (SELECT count(*) > 0 FROM checkpoints) FROM runs"

# No room for the database itself.
rm -r disk/*
dd if=/dev/zero of=disk/filler bs=1k count=70000 2>dd.err || true
expect_exit 2 "$FELL" run rows.yaml --quiet --db disk/new.db
expect_text err "disk/new.db: the disk is full"

# A file system that is read-only is told as that, before anything is trained, and what is in it is read.
rm -r disk/*
expect_exit 0 "$FELL" run rows.yaml --quiet --db disk/ro.db
mount -o remount,ro disk
expect_exit 2 "$FELL" run rows.yaml --quiet --db disk/ro.db --new
expect_text err "disk/ro.db" "ead-only file system"
expect_exit 2 "$FELL" run rows.yaml --quiet --db disk/other.db
expect_text err "disk/other.db" "ead-only file system"
expect_exit 2 "$FELL" merge disk/ro.db -o disk/merged.db
expect_text err "disk/merged.db" "ead-only file system"
expect_exit 0 "$FELL" runs --db disk/ro.db
mount -o remount,rw disk
