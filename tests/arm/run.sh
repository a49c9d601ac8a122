#!/bin/sh
# Six experiments record the same bits on 64-bit ARM as on this machine, with NEON and without:
#
#     tests/arm/run.sh SOURCE BUILD SCRATCH       BUILD: this machine's own
#
# Built by a cross compiler with Debian's arm64 libraries and run by qemu's user emulation. Ends with 77 where
# that cannot be had.
set -eu
source=$1 build=$2 scratch=$3
. "$source/tests/cli/numbers_lib.sh"

skip() {
    echo "$*"
    exit 77
}

[ "$(uname -m)" != aarch64 ] || skip "this machine is an ARM: all other tests show its bits"
rm -rf "$scratch" && mkdir -p "$scratch/build" "$scratch/runs"
"$source/bootstrap" --arm >"$scratch/bootstrap" 2>&1 || {
    cat "$scratch/bootstrap"
    skip "the cross compiler, the emulator or Debian's arm64 libraries cannot be installed: see above"
}
emulator=$(command -v qemu-aarch64-static) || skip "there is no qemu-aarch64-static"
cross="${ARM_CC:-aarch64-linux-gnu-gcc}"

# ---- the kernels alone ---------------------------------------------------------------------------------
$cross -std=c17 -D_GNU_SOURCE -O2 -ffp-contract=off -Wall -Wextra -Werror -I"$source/include" \
    -I"$source/runner" "$source/tests/arm/products.c" "$source"/runner/kernels/*.c \
    "$source"/runner/base/error.c "$source"/runner/base/mem.c -o "$scratch/products" -lm -lpthread
"$emulator" "$scratch/products"

# ---- the program ---------------------------------------------------------------------------------------
(
    cd "$scratch/build"
    export PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig
    "$source/configure" --quiet --enable-werror --host=aarch64-linux-gnu CC="$cross"
    make --silent -j"$(nproc)" all
)
$cross -std=gnu17 -O1 -Wall -Wextra -Werror -shared -fPIC "$source/tests/arm/spawn.c" -o "$scratch/spawn.so"
export EMULATOR="$emulator" EMULATOR_PRELOAD="$scratch/spawn.so" FELL_CACHE=off

# on LEVEL ARGUMENTS...: the ARM program.
on() {
    level=$1
    shift
    FELL_SIMD=$level "$emulator" -E LD_PRELOAD="$EMULATOR_PRELOAD" "$scratch/build/fell" "$@"
}

cd "$scratch/runs"
cat >small-cnn.yaml <<END
name: small-cnn
seed: 5
data:
  source: {csv: {path: $source/configs/data/digits.csv, target: target, shape: [1, 8, 8]}}
  validation: 0.3
  transforms: [{scale: {factor: 0.0625}}]
model:
  - conv2d: {filters: 6, kernel: 3, padding: 1, activation: gelu}
  - batch_norm
  - max_pool2d: {kernel: 2}
  - conv2d: {filters: 7, kernel: 3, activation: leaky_relu}
  - dense: {units: 10}
loss: cross_entropy
optimizer: {adamw: {lr: 0.01}}
metrics: [accuracy, f1]
train: {epochs: 2, batch_size: 100, clip_norm: 1}
record: {gradients: {step: 4}}
END
runs=0
while read -r spec words; do
    # shellcheck disable=SC2086 # words are words
    set -- run "$spec" $words --quiet --jobs 1
    name=$(basename "$spec" .yaml)
    "$build/fell" "$@" --db "$name.db"
    numbers "$name.db" >"$name"
    test "$(wc -l <"$name")" -gt 6 || { echo "$name: too few numbers were recorded" >&2; exit 1; }
    for level in portable neon; do
        on $level "$@" --db "$name-$level.db"
        numbers "$name-$level.db" >"$name-$level"
        test "$(sqlite3 "$name-$level.db" "SELECT kernels FROM experiments")" = $level
        cmp "$name" "$name-$level" || {
            echo "$name: other bits on ARM ($level) than here" >&2
            exit 1
        }
        runs=$((runs + 1))
    done
done <<END
$source/configs/xor.yaml train.epochs=100
$source/configs/iris.yaml train.epochs=20
$source/configs/digits.yaml train.epochs=1
$source/configs/moons.yaml train.epochs=10
$source/configs/cat-or-dog.yaml
$source/configs/digits-rows-lstm.yaml train.epochs=1
small-cnn.yaml
END
test $runs = 14

# Another level than the machine has is named, and a comparison can fail.
on avx2 run "$source/configs/xor.yaml" --db none.db 2>err && exit 1
grep -q "avx2" err
"$build/fell" run "$source/configs/cat-or-dog.yaml" seed=346 --quiet --db other.db
numbers other.db >other
cmp -s cat-or-dog other && exit 1
echo "$runs comparisons of runs"
