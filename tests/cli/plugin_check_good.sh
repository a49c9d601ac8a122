#!/bin/sh
# fell plugin check: every bundled plugin passes, and unusual ones, and what begins as each kind.
. "$srcdir/tests/cli/lib.sh"
. "$srcdir/tests/cli/check_lib.sh"
# A sanitizer may see what the check does not.
ldd "$FELL" | grep -q libasan || once "what the check says"

# ---- every bundled plugin passes
printf '%s\n' "${builddir:?}"/plugins/*/*.so >plugins
[ "$(wc -l <plugins)" -ge 100 ] || fail "only $(wc -l <plugins) plugins"
# With a sanitizer every eighth, and none whose many gradients then take longer than a check may.
! ldd "$FELL" | grep -q libasan || sed -i -n '/probe.sharpness/d; /layer.conv/d; /layer.lstm/d; /layer.gru/d; 1~8p' plugins
xargs -d '\n' -P 2 -n 1 "$FELL" plugin check <plugins >out 2>err || fail "a bundled plugin fails: $(grep -B1 -A9 FAILED out)"

# ---- each good plugin passes, however unusual, and says what it declares
for c in "$srcdir"/tests/good-plugins/*.c; do
    name=good_$(basename "$c" .c)
    build_plugin "$c" "$name"
    echo "$name"
done >plugins
check_all
while read -r name; do
    [ "$(cat "$name.got")" = 0 ] || fail "$name: $(results "$name.json" FAILED) $(cat "$name.json")"
done <plugins
said good_straight_through gradient "-: declared: its gradients are not those of its forward pass"
said good_reversal gradient "-: declared: its gradients are not those of its forward pass"
said good_alike "unlike inputs" "warning: "
said good_near_targets cut "warning: "
said good_batch_ranks rows "-: declared: rows of a batch mix in evaluation"

# ---- what begins as each kind passes as it is
for kind in layer activation loss optimizer schedule initialiser metric dataset transform; do
    "$FELL" plugin new $kind my_$kind >/dev/null
    "$FELL" plugin build my_$kind.c >/dev/null
    expect_exit 0 "$FELL" plugin check ./my_$kind.so
done
