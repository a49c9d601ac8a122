#!/bin/sh
# Two whole runs, of vectors and of images, under valgrind, runner and worker:
# tests/valgrind.sh FELL SCRATCH
set -eu
fell=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch"
for run in "configs/xor.yaml train.epochs=50" "tests/reference/trajectories/digits-cnn.yaml train.epochs=1"; do
    # shellcheck disable=SC2086
    valgrind --quiet --trace-children=yes --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite --log-file="$scratch/log.%p" \
        "$fell" run $run --db "$scratch/fell.db" --jobs 1
done
if cat "$scratch"/log.* | grep .; then
    echo "valgrind found something" >&2
    exit 1
fi
sqlite3 "$scratch/fell.db" 'select count(*) from epochs' | grep -qx 51
