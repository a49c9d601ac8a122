#!/bin/sh
# fell plugin check: every bundled plugin passes, and unusual ones; for each check there is a plugin that it
# catches; verdicts are kept and recorded.
. "$srcdir/tests/cli/lib.sh"

XDG_STATE_HOME=$scratch/state
export XDG_STATE_HOME
flags="-std=c17 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -fPIC -fvisibility=hidden -shared"

# results FILE WORD: the checks that ended so, as lines.
results() {
    sqlite3 :memory: "SELECT DISTINCT value->>'check' FROM json_each(CAST(readfile('$1') AS TEXT)) WHERE value->>'result' = '$2'"
}

# ---- every bundled plugin passes
printf '%s\n' "$builddir"/plugins/*/*.so >plugins
[ "$(wc -l <plugins)" -ge 100 ] || fail "only $(wc -l <plugins) plugins"
xargs -d '\n' -P 2 -n 1 "$FELL" plugin check <plugins >out 2>err || fail "a bundled plugin fails: $(grep -B1 -A9 FAILED out)"

# ---- each bad plugin fails by the check that it names, and no other
for c in "$srcdir"/tests/bad-plugins/*.c; do
    name=$(basename "$c" .c)
    wanted=$(sed -n '1s/^.* fails: //p' "$c")
    # shellcheck disable=SC2046,SC2086
    ${CC:-cc} $flags $(sed -n 's/^ \* flags: //p' "$c") -I"$srcdir/include" -o "$name.so" "$c" -lm
    got=0
    "$FELL" plugin check "./$name.so" --json >"$name.json" 2>err || got=$?
    case $wanted in
    warning:*) [ "$got" = 0 ] || fail "$name: a warning is no failure" ;;
    *) [ "$got" = 1 ] || fail "$name: exit status $got" ;;
    esac
    case $wanted in
    warning:*) found="warning: $(results "$name.json" warning)" ;;
    *) found=$(results "$name.json" FAILED | paste -sd, | sed 's/,/, /g') ;;
    esac
    [ "$found" = "$wanted" ] || {
        cat "$name.json" >&2
        fail "$name: failed '$found', not '$wanted'"
    }
done

# ---- each check has such a plugin
"$FELL" plugin check relu --json >all.json
for kind in layer/dense loss/cross_entropy optimizer/adam schedule/cosine metric/rmse dataset/blobs transform/standardize; do
    "$FELL" plugin check "$builddir/plugins/$kind.so" --json >one.json
    results one.json ok >>names
done
results all.json ok >>names
sort -u names >names.all
while read -r check; do
    grep -Eqx "/\* fails: (warning: )?$check" "$srcdir"/tests/bad-plugins/*.c || fail "no bad plugin for the check '$check'"
done <names.all
[ "$(wc -l <names.all)" -ge 42 ] || fail "only $(wc -l <names.all) checks"

# ---- what is said of a wrong derivative
expect_exit 1 "$FELL" plugin check ./gradient.so
expect_text out "gradient" "dx[" "but the forward pass has" "7 rows of [5]" "seed 1"
expect_exit 1 "$FELL" plugin check ./gradient.so --seed 5
expect_text out "seed 5"

# ---- each good plugin passes, however unusual, and says what it declares
for c in "$srcdir"/tests/good-plugins/*.c; do
    name=$(basename "$c" .c)
    # shellcheck disable=SC2086
    ${CC:-cc} $flags -I"$srcdir/include" -o "good_$name.so" "$c" -lm
    "$FELL" plugin check "./good_$name.so" --json >"good_$name.json" 2>err ||
        fail "$name: $(results "good_$name.json" FAILED) $(cat "good_$name.json")"
done
said() {
    sqlite3 :memory: "SELECT value->>'result' || ': ' || (value->>'what') FROM json_each(CAST(readfile('$1.json') AS TEXT)) WHERE value->>'check' = '$2'" >said
    grep -qF -e "$3" said || fail "$1, $2: '$(cat said)' instead of '$3'"
}
said good_straight_through gradient "-: declared: its gradients are not those of its forward pass"
said good_reversal gradient "-: declared: its gradients are not those of its forward pass"
said good_batch_ranks rows "-: declared: rows of a batch mix in evaluation"

# ---- common mistakes are called by their name
said added_dpred gradient "it adds to dpred (+=), which is to be set (=)"
said gradient_of_mean gradient "dpred is the gradient of the mean; give that of the sum, since the host divides by weight"
said sum_of_mean halves "sum is a mean; give the sum, since the host divides it by weight"
said never_set "unset memory" "it never sets w[32]"
said weight weight "it adds to weight, which is the number of rows before the call"
said imports imports "it calls time(): a result must not depend on the clock"
said output output 'it writes "here" to the terminal'
said learning_rate "learning rate" "the rate of the call, c->lr, has no effect"
said decay_rate "learning rate" "with another setting lr and the same c->lr"
said last_row descent "w[16] of 20 never moves"
said missing_initialiser defaults "the tensor 'shift' begins with 'glorot_uniforn', and there is no such initialiser"
said short_runs "short runs" "nan, in a run of 1 epoch"
said rows rows "beside other rows"
said unwanted_input "unwanted results" "where all but dx[0] is wanted"

# ---- what crashes or ends the process: only the checks that run it fail, and say where
for does in 'abort()' '_exit(3)'; do
    cat >ends.c <<END
#include <stdlib.h>
#include <unistd.h>
#include <fell/plugin.h>
static float value(const void *s, float x) { (void)s; return x; }
static float slope(const void *s, float x, float y) { (void)s; (void)x; (void)y; $does; return 1.0f; }
FELL_ELEMENTWISE(void, value, slope)
static const fell_activation item = FELL_ACTIVATION("ends", "Ends.", FELL_REAL, value_forward, value_backward);
FELL_PLUGIN("1.0", "", &item.item);
END
    expect_exit 0 "$FELL" plugin build ends.c
    expect_exit 1 "$FELL" plugin check ./ends.so
    expect_text out "in its backward pass, with its defaults, 7 rows of [5]"
    grep -q "ends  *docs  *ok" out && grep -q "ends  *defaults  *ok" out || fail "tables are blamed: $(cat out)"
done
expect_text out "it ends the process (exit status 3)"
[ "$(grep -c "FAILED.*it ends the process" out)" = 1 ] || fail "one exit is told $(grep -c "it ends the process" out) times"
expect_text out "it ends the process (exit status 3), as above"

# ---- verdicts: kept, shown, told once in a run, recorded
"$FELL" plugin new activation swish >/dev/null
"$FELL" plugin build swish.c >/dev/null
expect_exit 0 "$FELL" plugin show swish --plugin ./swish.so
expect_text out "check    unchecked"
write_spec swish.yaml
expect_exit 0 "$FELL" run swish.yaml --db a.db --plugin ./swish.so model.0.dense.activation=swish
[ "$(cat out err | grep -c "the activation 'swish' is unchecked; 'fell plugin check $PWD/swish.so' tries it out")" = 1 ] ||
    fail "an unchecked plugin is not told of once"
expect_sql a.db 'unchecked' "SELECT verdict FROM plugins WHERE name = 'swish'"
expect_sql a.db 'passed' "SELECT DISTINCT verdict FROM plugins WHERE name <> 'swish'"
expect_exit 0 "$FELL" plugin check ./swish.so
expect_exit 0 "$FELL" plugin list activation --plugin ./swish.so --json
expect_json out passed "(SELECT value->>'check' FROM json_each(j) WHERE value->>'name' = 'swish')"
expect_exit 0 "$FELL" run swish.yaml --db b.db --plugin ./swish.so model.0.dense.activation=swish
expect_no_text out "unchecked"
expect_no_text err "unchecked"
expect_sql b.db 'passed' "SELECT verdict FROM plugins WHERE name = 'swish'"
expect_exit 0 "$FELL" run swish.yaml --db c.db --plugin ./gradient.so model.0.dense.activation=bad
cat out err >both
expect_text both "the activation 'bad' failed its check"
expect_sql c.db 'failed' "SELECT verdict FROM plugins WHERE name = 'bad'"
expect_exit 0 "$FELL" plugin show bad --plugin ./gradient.so
expect_text out "check    failed: gradient"
expect_exit 0 "$FELL" run swish.yaml --db d.db --quiet --plugin ./gradient.so model.0.dense.activation=bad
expect_empty err

# ---- what begins as each kind passes as it is
for kind in layer activation loss optimizer schedule initialiser metric dataset transform; do
    "$FELL" plugin new $kind my_$kind >/dev/null
    "$FELL" plugin build my_$kind.c >/dev/null
    expect_exit 0 "$FELL" plugin check ./my_$kind.so
done

# ---- crashes and hangs are findings; what is no plugin is said
cat >hang.c <<'END'
#include <fell/plugin.h>
static fell_status forward(fell_activation_call *c)
{
    while (c->rows > 1)
        __asm__ volatile("");
    return FELL_OK;
}
static const fell_activation item = FELL_ACTIVATION("hang", "Does not end.", FELL_REAL, forward, forward);
FELL_PLUGIN("1.0", "", &item.item);
END
"$FELL" plugin build hang.c >/dev/null
begin=$(date +%s)
expect_exit 1 "$FELL" plugin check ./hang.so
grep -q "it takes more than [0-9]* seconds.*were not tried" out || fail "a hang is not told: $(cat out)"
[ $(($(date +%s) - begin)) -le 35 ] || fail "a check took $(($(date +%s) - begin)) seconds"
sed 's/while (c->rows > 1)/if (c->rows > 1)/; s/__asm__ volatile("");/__builtin_trap();/; s/hang/crash/' hang.c >crash.c
"$FELL" plugin build crash.c >/dev/null
expect_exit 1 "$FELL" plugin check ./crash.so
expect_text out "it crashes (SIGILL)"
echo text >text.so
expect_exit 1 "$FELL" plugin check ./text.so
expect_text out "not a shared object but text"
expect_exit 2 "$FELL" plugin check ./missing.so
expect_text err "missing.so: no such file"
expect_exit 2 "$FELL" plugin check nothing_of_that_name
expect_text err "no plugin 'nothing_of_that_name'"
XDG_STATE_HOME=/proc/nowhere expect_exit 0 "$FELL" plugin check relu
expect_text err "note: "
