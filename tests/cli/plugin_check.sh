#!/bin/sh
# fell plugin check: what it says, of crashes and hangs, too; verdicts are kept and recorded. What it finds is
# tried in plugin_check_bad.sh and plugin_check_good.sh.
. "$srcdir/tests/cli/lib.sh"
. "$srcdir/tests/cli/check_lib.sh"

# ---- what is said of a wrong derivative
build_plugin "$srcdir/tests/bad-plugins/gradient.c" gradient
expect_exit 1 "$FELL" plugin check ./gradient.so
expect_text out "gradient" "dx[" "but the forward pass has" "7 rows of [5]" "seed 1"
expect_exit 1 "$FELL" plugin check ./gradient.so --seed 5
expect_text out "seed 5"

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

# ---- a dataset of files: tried with files of the check's own, with what is told, or not, which is told
build_plugin "$srcdir/tests/bad-plugins/file_rows.c" file_rows
mkdir -p "a folder whose name is longer than forty bytes"
export TMPDIR="$PWD/a folder whose name is longer than forty bytes"
expect_exit 1 "$FELL" plugin check ./file_rows.so
expect_text out "with {path: $TMPDIR/fell-"
[ -z "$(find . -name 'fell-*')" ] || fail "the check's own files stay"
unset TMPDIR
printf '1 2 3 4\n5 6 7 8\n' >two.txt
expect_exit 1 "$FELL" plugin check ./file_rows.so path=two.txt
expect_text out "with {path: two.txt}"
expect_exit 2 "$FELL" plugin check ./file_rows.so pth=two.txt
expect_text err "'pth=two.txt': no plugin of the file has such a setting"
expect_exit 2 "$FELL" plugin check ./file_rows.so two.txt
expect_text err "'two.txt' is no setting; write SETTING=VALUE"
expect_exit 0 "$FELL" plugin check idx
expect_text out "no guess fits its 'images', say what it is: fell plugin check FILE images=VALUE" "not tried: idx"

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
