#!/bin/bash
# shellcheck disable=SC2059 # bytes are given as escapes
# Every harness of this folder: the library built with clang under ASan and UBSan, then each harness over its
# stored corpus and seeds and for SECONDS with new inputs, as many at a time as there are processors (FUZZ_JOBS).
# Prints executions and edges of each; fails at a crash, a hang (25 s), a leak or 2 GB, whose input is then
# stored in corpus/NAME/. Ends with 77 where clang or its runtime is missing. BUILD is an ordinary build,
# whose program and plugins are used.
#
#   run.sh SOURCE BUILD SCRATCH [SECONDS [NAME...]]
set -eu
source=$(cd "$1" && pwd) ordinary=$(cd "$2" && pwd) seconds=${4:-20}
mkdir -p "$3"
scratch=$(cd "$3" && pwd)
shift $(($# < 4 ? $# : 4))
here=$source/tests/fuzz
jobs=${FUZZ_JOBS:-$(nproc)}
flags="-O1 -gline-tables-only -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"

printf 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n);\n%s\n' \
    'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return n && *p == 256; }' >"$scratch/none.c"
# shellcheck disable=SC2086 # words
if ! clang $flags -fsanitize=fuzzer "$scratch/none.c" -o "$scratch/none" >"$scratch/none.log" 2>&1; then
    echo "skipped: clang with libFuzzer is missing (./bootstrap --tests brings it); $scratch/none.log says more"
    exit 77
fi

# ---- the library, instrumented -----------------------------------------------------------------------
build=$scratch/build
mkdir -p "$build"
[ -f "$build/config.status" ] ||
    (cd "$build" && "$source/configure" --quiet CC=clang CFLAGS="$flags -fsanitize=fuzzer-no-link" \
        LDFLAGS="-fsanitize=address,undefined")
# Headers that are made: `all` alone knows that they come first.
made=$(cd "$source" && find runner -name '*.proto' | sed 's/proto$/pb-c.h/')
# shellcheck disable=SC2086 # words
make -C "$build" --silent $made
# What computes, draws pages, searches or checks plugins reads nothing from outside: built without.
plain=$(cd "$source" && ls runner/kernels/*.c runner/engine/train*.c runner/explain/story*.c runner/explain/lesson*.c \
    runner/explain/svg*.c runner/sweep/*.c runner/check/*.c | sed 's/c$/o/')
# shellcheck disable=SC2086 # words
make -C "$build" --silent -j"$jobs" CFLAGS=-O1 $plain
make -C "$build" --silent -j"$jobs" librunner.a
libs="$(pkg-config --libs yaml-0.1 sqlite3 libcjson libcrypto libprotobuf-c zlib libpng libjpeg) -lm -ldl -lpthread"

export FELL_PROGRAM=$ordinary/fell FELL_PLUGIN_PATH=$ordinary/plugins FELL_CACHE=off
export XDG_DATA_HOME=$scratch/none.d FUZZ_DATABASE=$scratch/loose.db FUZZ_SOUND=$scratch/sound.db FUZZ_SPEC=$scratch/sound.yaml
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
memory=$scratch
[ ! -d /dev/shm ] || [ ! -w /dev/shm ] || memory=/dev/shm
files=$(mktemp -d "$memory/fell-fuzz.XXXXXX")
trap 'rm -rf "$files"' EXIT

# ---- a database whose tables keep nothing --------------------------------------------------------
if [ ! -f "$FUZZ_DATABASE" ] || [ "$FUZZ_DATABASE" -ot "$FELL_PROGRAM" ]; then
    rm -rf "$scratch"/sound.db*
    printf '%s\n' 'seed: 3' 'data: {source: xor}' 'model: [{dense: {units: 2, activation: tanh}}, {dense: {units: 1}}]' \
        'loss: mse' 'optimizer: {sgd: {lr: 0.5}}' 'metrics: [accuracy]' 'train: {epochs: 2, batch_size: 0}' 'checkpoint: {every: 1, keep: last}' \
        'sweep: {over: {optimizer.sgd.lr: [0.5, 0.1]}}' >"$scratch/sound.yaml"
    "$FELL_PROGRAM" run "$scratch/sound.yaml" --db "$scratch/sound.db" --quiet
    rm -f "$scratch/new.db"
    {
        echo "PRAGMA page_size = 512;" # small: each input writes the file
        sqlite3 "$scratch/sound.db" .schema | sed 's/ STRICT, WITHOUT ROWID//; s/ STRICT//; s/NOT NULL//g; s/UNIQUE//
            s/  (experiment_id, trial, repeat)/ CHECK (1)/; s/CHECK (/CHECK (1 OR /; s/  PRIMARY KEY (.*)/  CHECK (1)/
            /^CREATE VIEW/,/;$/d'
        echo "ATTACH '$scratch/sound.db' AS g; PRAGMA application_id = $(sqlite3 "$scratch/sound.db" 'PRAGMA application_id');"
        echo "PRAGMA user_version = $(sqlite3 "$scratch/sound.db" 'PRAGMA user_version');"
        for table in $(sqlite3 "$scratch/sound.db" "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"); do
            echo "INSERT INTO $table SELECT * FROM g.$table;"
        done
    } | sqlite3 -bail "$scratch/new.db"
    mv "$scratch/new.db" "$FUZZ_DATABASE"
fi

# ---- seeds: what the tests and the examples have already -------------------------------------------
# seed NAME FIRST-BYTES FILE...: each file behind those.
seed() {
    local name=$1 first=$2 file
    shift 2
    mkdir -p "$scratch/seeds/$name"
    for file; do
        [ ! -f "$file" ] || [ "$(stat -c %s "$file")" -gt 4000 ] ||
            { printf "$first"; cat "$file"; } >"$scratch/seeds/$name/$(basename "$file")"
    done
}
# pair NAME FILE FILE: two files, the first byte saying where the second begins.
pair() {
    local a b
    [ -f "$2" ] && [ -f "$3" ] || return 0
    a=$(stat -c %s "$2") b=$(stat -c %s "$3")
    mkdir -p "$scratch/seeds/$1"
    { printf "\\x$(printf %x $((a * 255 / (a + b))))"; cat "$2" "$3"; } >"$scratch/seeds/$1/$(basename "$2")"
}
rm -rf "$scratch/seeds"
seed csv '\002\000\000\000' "$source"/tests/bad/*.csv "$source"/configs/data/*.csv
seed text '\000\043' "$source"/tests/bad/*.txt "$source"/configs/data/*.txt "$source"/tests/fuzz/*.dict
seed libsvm '\000' "$source"/tests/bad/*.svm "$source"/configs/data/*.svm
seed image_folder '\000' $(find "$source/tests" "$source/configs" -name '*.png' -o -name '*.jpg')
seed sqlite '\002\000\000\000' "$source"/tests/bad/*.sqlite "$source"/configs/data/*.sqlite
pair npy "$source/tests/bad/three.npy" "$source/tests/bad/three-ids.npy"
pair npy "$source/tests/bad/halves.npy" "$source/tests/bad/two-ids.npy"
pair idx "$source/tests/bad/three-images" "$source/tests/bad/two-labels"
seed spec '' "$source"/tests/bad/*.yaml "$source"/configs/*.yaml
seed tree '' "$source"/tests/bad/*.yaml "$source"/configs/*.yaml
seed sweep_csv '' "$source"/tests/bad/*.csv
mkdir -p "$scratch/seeds/database" # each command
for i in $(seq 0 53); do
    printf "\\x$(printf %02x "$i") " >"$scratch/seeds/database/$i"
done

# ---- the harnesses ----------------------------------------------------------------------------------
# fuzz NAME: builds it and runs it; what is said of it is in NAME.said.
fuzz() {
    local name=$1 dict=
    # shellcheck disable=SC2086 # words
    clang -std=c17 -D_GNU_SOURCE $flags -fsanitize=fuzzer -Wno-unused-function -I"$source/include" -I"$source/runner" \
        "$here/$name.c" "$build/librunner.a" $libs -o "$scratch/$name"
    mkdir -p "$scratch/found/$name" "$scratch/seeds/$name" "$here/corpus/$name" "$files/$name"
    [ ! -f "$here/$name.dict" ] || dict=-dict=$here/$name.dict
    if FUZZ_SCRATCH=$files/$name "$scratch/$name" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -timeout=25 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$here/corpus/$name/" $dict "$scratch/found/$name" \
        "$here/corpus/$name" "$scratch/seeds/$name" >"$scratch/$name.log" 2>&1; then
        printf '%-14s %9s executions, %5s edges\n' "$name" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/$name.log")" \
            "$(grep -ao 'cov: [0-9]*' "$scratch/$name.log" | tail -n 1 | tr -dc 0-9)"
    else
        echo "FAILED: $name; the input is in tests/fuzz/corpus/$name, the report in $scratch/$name.log"
        grep -avE '^#[0-9]+[[:space:]]+(NEW|REDUCE|pulse|INITED)' "$scratch/$name.log" | tail -n 40
    fi
    rm -rf "${files:?}/$name"
}
names=$*
[ -n "$names" ] || names=$(cd "$here" && ls -- *.c | sed 's/\.c$//')
rm -f "$scratch"/*.said
for name in $names; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n || :
    done
    { fuzz "$name" || echo "FAILED: $name was not built"; } >"$scratch/$name.said" 2>&1 &
done
wait
failed=0
for name in $names; do
    cat "$scratch/$name.said"
    ! grep -q '^FAILED' "$scratch/$name.said" || failed=$((failed + 1))
done
[ $failed = 0 ]
