#!/bin/sh
# The thread pool under the thread sanitizer, as a plain program: tests/tsan.sh SOURCE SCRATCH
set -eu
source=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch"
${CC:-gcc} -std=c17 -D_GNU_SOURCE -O1 -g -fsanitize=thread -ffp-contract=off \
    -I"$source/include" -I"$source/runner" "$source/tests/tsan_pool.c" \
    "$source"/runner/kernels/*.c "$source"/runner/base/error.c "$source"/runner/base/mem.c \
    -o "$scratch/tsan_pool" -lm -lpthread
"$scratch/tsan_pool"
