#!/bin/sh
# Plugins of other versions and files that are no plugins, as a user meets them.
. "$srcdir/tests/cli/lib.sh"

abi=$srcdir/tests/abi
# An older plugin's source does not name the fields that came since.
strict="-Wall -Wextra -Wshadow -Wvla -Wconversion -Werror -Wno-missing-field-initializers"
flags="-O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -fPIC -shared -fvisibility=hidden"
write_spec plain.yaml

# build HEADERS SOURCE OUTPUT DEFINE...
build() {
    include=$1 source=$2 out=$3
    shift 3
    # shellcheck disable=SC2086
    ${CC:-cc} -std=c17 $strict $flags "$@" -I"$include" -o "$out" "$abi/$source" || fail "$source does not compile"
}

# ---- users of each released header ---------------------------------------------------

cat >old.yaml <<'END'
seed: 5
data: {source: {old_dataset: {rows: 40}}, validation: 0.25, transforms: [{old_transform: {factors: [2, 0.25], shift: true}}]}
model:
  - dense: {units: 4, init: {weight: {old_initialiser: {how: random, also: [a, b]}}}, activation: old_activation}
  - old_layer: {sign: minus, shape: 4}
  - dense: {units: 1}
loss: old_loss
optimizer: {old_optimizer: {lr: 0.1}}
schedule: old_schedule
metrics: [old_metric]
train: {epochs: 40, batch_size: 10}
END

# expect_old_run PLUGIN: every kind is shown and does its part in a run; what is recorded is left in rows.
expect_old_run() {
    for kind in dataset transform layer activation loss metric optimizer schedule initialiser; do
        expect_exit 0 "$FELL" plugin show $kind old_$kind --plugin "$1"
        expect_text out "$kind old_$kind"
    done
    expect_exit 0 "$FELL" check old.yaml --plugin "$1"
    rm -f old.db*
    expect_exit 0 "$FELL" run old.yaml --quiet --db old.db --plugin "$1"
    expect_empty err
    expect_sql old.db 'finished|40' "SELECT status, epochs_done FROM runs"
    expect_sql old.db 9 "SELECT count(DISTINCT kind || name) FROM plugins WHERE name LIKE 'old%'"
    expect_sql old.db 1 "SELECT (SELECT train_loss FROM epochs WHERE epoch = 40) <
                                (SELECT train_loss FROM epochs WHERE epoch = 1) / 2"
    # The schedule's last rate, the layer's own tensor, and the metric of each split.
    expect_sql old.db 1 "SELECT abs(lr - 0.1 * (1 - 0.5 * 119 / 120)) < 1e-9 FROM epochs WHERE epoch = 40"
    expect_sql old.db '[4]' "SELECT shape FROM parameters WHERE plugin = 'old_layer'"
    expect_sql old.db 80 "SELECT count(value) FROM metrics WHERE name = 'old_metric'"
    expect_exit 2 "$FELL" check old.yaml --plugin "$1" model.1.old_layer.shape=5
    expect_text err "shape: 5 columns, but the input has 4"
    sqlite3 old.db "SELECT * FROM metrics; SELECT epoch, train_loss, validation_loss, grad_norm_mean, lr FROM epochs;
                    SELECT * FROM gradients" >rows
}

for released in "$abi"/[0-9]*/; do
    version=$(basename "$released")
    build "$released" "$version/every_kind.c" "then-$version.so"
    expect_old_run "./then-$version.so"
    mv rows rows-then
    # Source: the same file compiles with today's header, and nothing changes.
    flags="$flags -Wno-missing-field-initializers" # fields were appended
    build "$srcdir/include" "$version/every_kind.c" "now-$version.so"
    expect_old_run "./now-$version.so"
    cmp -s rows rows-then || fail "today's header changes what a plugin of $version computes"
    # C++, which the header allows.
    case ${CC:-cc} in
    *clang*) cxx=clang++ ;;
    *) cxx=c++ ;;
    esac
    command -v $cxx >/dev/null || continue
    for headers in "$released" "$srcdir/include"; do
        # shellcheck disable=SC2086
        $cxx -std=c++17 -x c++ -Wall -Wextra -Werror -Wno-missing-field-initializers $flags -I"$headers" -o cxx.so "$abi/$version/every_kind.c" ||
            fail "every_kind.c of $version is no C++"
        expect_old_run ./cxx.so
        cmp -s rows rows-then || fail "C++ changes what a plugin of $version computes"
    done
done

# ---- a later minor version ----------------------------------------------------------------

strict= # what follows is wrong on purpose

build "$srcdir/include" later_minor.c later.so
expect_exit 0 "$FELL" run plain.yaml --plugin ./later.so --quiet --db later.db "optimizer={later_optimizer: {lr: 0.5}}"
expect_text err "later.so: 'mystery' is of a kind (77) that this program does not know; skipped"
expect_sql later.db 'later_optimizer|7.0' "SELECT name, version FROM plugins WHERE kind = 'optimizer'"
expect_exit 0 "$FELL" check plain.yaml --plugin ./later.so
expect_text err "'mystery' is of a kind (77)"
expect_exit 0 "$FELL" plugin show later_layer --plugin ./later.so
expect_text out "layer later_layer" "lr" "[0, 1]" "fast"
expect_exit 0 "$FELL" plugin list --plugin ./later.so
expect_text out "later_layer" "later_optimizer"
expect_text err "'mystery' is of a kind (77)"

# ---- files that are refused: a sentence with the path, exit status 2, and no crash ----------

# expect_refused FILE SENTENCE [COMMAND...]: COMMAND runs the program, as another user maybe.
expect_refused() {
    bad=$1 sentence=$2
    shift 2
    for words in "run plain.yaml --quiet --db refused.db" "check plain.yaml" "plan plain.yaml" "plugin show mse" \
        "plugin list loss"; do
        # shellcheck disable=SC2086
        expect_exit 2 timeout 20 "$@" "$FELL" $words --plugin "$bad" </dev/null
        expect_empty out
        expect_text err "$(realpath -ms "$bad"): $sentence"
        [ "$(wc -l <err)" = 1 ] || fail "more than a line about $bad: $(cat err)"
    done
    [ ! -e refused.db ] || fail "a database, though $bad was refused"
}

build "$srcdir/include" table.c good.so
build "$srcdir/include" table.c needs.so -DNEEDS='(FELL_MINOR + 3)'
build "$srcdir/include" table.c root.so -DROOT_SIZE=40
build "$srcdir/include" table.c item.so '-DSIZE=(sizeof(fell_item))'
build "$srcdir/include" only_v2.c v2.so
build "$srcdir/include" no_symbol.c library.so
echo "loss: mse" >text.so
: >empty.so
head -c 2000 good.so >cut.so
mkfifo fifo.so
mkdir folder.so
ln -s loop.so loop.so
# 32 bits: ELF magic, class 1, little endian, version 1; shared object (3) for i386 (3); all else 0.
printf '\177ELF\001\001\001\0\0\0\0\0\0\0\0\0\003\0\003\0\001\0\0\0' >bits32.so
head -c 28 /dev/zero >>bits32.so
expect_exit 0 "$FELL" check plain.yaml --plugin ./good.so
expect_refused ./needs.so "needs version 1."
expect_refused ./root.so "says that fell_plugin has 40 bytes; version 1.0 has 48"
expect_refused ./item.so "the loss 'first' says that its struct has 48 bytes; version 1.0 has 72"
expect_refused ./v2.so "made for version 2 of the plugin contract; this program has version 1"
expect_refused ./library.so "not a plugin: it does not export fell_plugin_v1"
expect_refused ./text.so "not a shared object but text"
expect_refused ./empty.so "the file is empty"
expect_refused ./cut.so "the file is truncated"
expect_refused ./bits32.so "a 32-bit object; this program has 64 bits"
expect_refused ./fifo.so "not a regular file"
expect_refused /dev/zero "not a regular file"
expect_refused ./folder.so "a folder, not a plugin"
expect_refused ./loop.so "Too many levels of symbolic links"
expect_refused ./none.so "no such file"

# A file without read permission; root reads everything, so as nobody where we are root.
chmod 000 good.so
if [ "$(id -u)" != 0 ]; then
    expect_refused ./good.so "cannot be read: Permission denied"
elif command -v setpriv >/dev/null; then
    chmod 755 .
    as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
    # shellcheck disable=SC2086
    if $as_nobody test -x "$FELL" -a -r plain.yaml; then
        expect_refused ./good.so "cannot be read: Permission denied" $as_nobody
    fi
fi
