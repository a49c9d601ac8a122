#!/bin/sh
# Every config runs: whole where that takes a moment, with fewer epochs or rows where not.
. "$srcdir/tests/cli/lib.sh"

fashion=/usr/share/datasets/fashion-mnist
for config in "$srcdir"/configs/*.yaml "$srcdir"/configs/sweeps/*.yaml; do
    name=$(basename "$config" .yaml)
    head -n 1 "$config" | grep -q '^# ' || fail "$name does not open with a comment"
    grep -q '^# Look for: ' "$config" || fail "$name does not say what to look for"
    case $name in
    fashion-mnist-*)
        [ -r $fashion/t10k-images-idx3-ubyte.gz ] || continue
        # The test set serves as both: a sixth of the rows to read.
        set -- train.epochs=1 data.source.idx.rows=600 data.test.idx.rows=300 \
            data.source.idx.images=$fashion/t10k-images-idx3-ubyte.gz \
            data.source.idx.labels=$fashion/t10k-labels-idx1-ubyte.gz
        ;;
    gpt) set -- train.epochs=1 train.steps_per_epoch=2 ;;
    xor | spiral) set -- train.epochs=40 ;;
    *) set -- train.epochs=2 ;;
    esac
    expect_exit 0 "$FELL" run "$config" "$@" --quiet --db fell.db
    expect_sql fell.db "$name|1" "SELECT name, count(*) FROM experiments WHERE name = '$name'"
    expect_sql fell.db 0 "SELECT count(*) FROM runs WHERE status NOT IN ('finished', 'stopped')"
    # Every epoch of every run has its losses, and a gradient norm for every tensor.
    expect_sql fell.db 0 "SELECT count(*) FROM epochs WHERE train_loss IS NULL OR grad_norm_mean IS NULL"
    expect_sql fell.db 1 "SELECT (SELECT count(*) FROM gradients) =
        (SELECT sum(epochs_done * (SELECT count(*) FROM parameters WHERE run_id = id)) FROM runs)"
    expect_exit 0 "$FELL" run "$config" "$@" --db fell.db
    expect_text out finished
done
expect_sql fell.db 36 "SELECT count(*) FROM runs r JOIN experiments x ON x.id = experiment_id WHERE name = 'lr-activation'"
