#!/bin/sh
# What `make install` leaves works by itself: the program, and a plugin built from
# fell.pc alone. tests/install.sh SOURCE BUILD SCRATCH
set -eu
source=$1 build=$2 scratch=$3
rm -rf "$scratch" && mkdir -p "$scratch/work"
export FELL_CACHE="$scratch/cache"
make -C "$build" --silent install DESTDIR="$scratch"
prefix=$scratch$(sed -n 's/^prefix = //p' "$build/Makefile")
cd "$scratch/work"

# Moved as a whole, the program finds its plugins beside itself.
cp "$source/configs/xor.yaml" .
"$prefix/bin/fell" run xor.yaml train.epochs=5 --db fell.db --quiet
test "$(sqlite3 fell.db 'select count(*) from epochs')" = 5
sqlite3 fell.db 'select path from plugins' | grep -q "^$prefix/lib/fell/plugins/"

# A user's activation, with the published flags only.
cat >swish.c <<'EOF'
#include <fell/plugin.h>
static inline float swish(const void *s, float x) { (void)s; return x * fell_sigmoid(x); }
static inline float slope(const void *s, float x, float y)
{
    (void)s;
    float p = fell_sigmoid(x);
    return p + y * (1.0f - p);
}
FELL_ELEMENTWISE(void, swish, slope)
static const fell_activation item = FELL_ACTIVATION("swish", "x sigmoid(x) (Ramachandran 2017).",
                                                    FELL_REAL, swish_forward, swish_backward);
FELL_PLUGIN("1.0", "", &item.item);
EOF
cc $(PKG_CONFIG_SYSROOT_DIR=$scratch PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags fell) \
    -shared swish.c -o swish.so -lm
"$prefix/bin/fell" run xor.yaml name=own train.epochs=5 model.0.dense.activation=swish \
    --plugin ./swish.so --db fell.db --quiet
sqlite3 fell.db "select path from plugins where name = 'swish'" | grep -q "/work/swish.so$"

# What comes with it: a bundled spec anywhere, with its data; studies, questions, docs; completion.
"$prefix/bin/fell" new iris -o first.yaml
grep -q "path: [\"']*$prefix/share/fellrunner/configs/data/iris.csv" first.yaml
"$prefix/bin/fell" check first.yaml --quiet
sqlite3 fell.db <"$prefix/share/fellrunner/results/queries/vanishing-gradients.sql" >answer
test -f "$prefix/share/fellrunner/configs/studies/grokking/mlp.yaml"
test -f "$prefix/share/fellrunner/docs/spec.md"
test -f "$prefix/share/zsh/site-functions/_fell" && test -f "$prefix/share/fish/vendor_completions.d/fell.fish"
PATH=$prefix/bin:$PATH bash -c '. "$1"; compopt() { :; }; COMP_LINE="fell new ir" COMP_POINT=11
    COMP_WORDS=(fell new ir) COMP_CWORD=2; _fell; test "${COMPREPLY[*]}" = iris' - "$prefix/share/bash-completion/completions/fell"

make -C "$build" --silent uninstall DESTDIR="$scratch"
test -z "$(find "$prefix" -type f)"
