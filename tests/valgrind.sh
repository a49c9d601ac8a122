#!/bin/sh
# One whole run under valgrind, runner and worker: tests/valgrind.sh FELL SCRATCH
set -eu
fell=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch"
valgrind --quiet --trace-children=yes --leak-check=full --show-leak-kinds=definite \
    --errors-for-leak-kinds=definite --log-file="$scratch/log.%p" \
    "$fell" run configs/xor.yaml train.epochs=50 --db "$scratch/fell.db" --jobs 1
if cat "$scratch"/log.* | grep .; then
    echo "valgrind found something" >&2
    exit 1
fi
sqlite3 "$scratch/fell.db" 'select count(*) from epochs' | grep -qx 50
