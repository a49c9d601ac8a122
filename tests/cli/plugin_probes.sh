#!/bin/sh
# fell plugin verify for probes: bundled ones agree with PyTorch and with formulas written out elsewhere, and
# each of their twins that is wrong in one place is caught there.
. "$srcdir/tests/cli/lib.sh"
. "$srcdir/tests/cli/check_lib.sh"

cases=$srcdir/tests/reference/more
expect_exit 0 "$FELL" plugin verify "$cases/probes.json"
expect_text out "3 of 3 cases"
expect_exit 0 "$FELL" plugin verify "$cases/probe_looks.json"
expect_text out "1 of 1 cases"
expect_exit 0 "$FELL" plugin verify "$cases/probe_nets.json"
expect_text out "7 of 7 cases"
expect_exit 1 "$FELL" plugin verify "$cases/probe_looks.json" --tolerance 0

# the gradients are compared number by number, and a key that nothing is compared with is an error
sed 's/"gradient":{"h.weight":\[\[-0.02643/"gradient":{"h.weight":[[-0.02743/' "$cases/probes.json" >gradient.json
! cmp -s gradient.json "$cases/probes.json" || fail "no gradient was changed"
expect_exit 1 "$FELL" plugin verify gradient.json --json
expect_text out "loss.gradient of h.weight"
sed 's/"hessian_bottom":/"hessian_floor":/' "$cases/probes.json" >key.json
expect_exit 1 "$FELL" plugin verify key.json --json
expect_text out "it has no key 'hessian_floor'"
sed 's/"weight_sd":/"weight_deviation":/' "$cases/probes.json" >key.json
expect_exit 1 "$FELL" plugin verify key.json --json
expect_text out "it has no key 'weight_deviation'"

# ---- every bundled probe has a wrong twin: its source with the change of a file of tests/bad-plugins/probe
for c in "$srcdir"/plugins/probe/*.c; do
    name=$(basename "$c" .c)
    change=$srcdir/tests/bad-plugins/probe/$name.sed
    wanted=$(sed -n '1s/^# caught at: //p' "$change")
    [ -n "$wanted" ] || fail "$name: there is no wrong twin"
    sed -f "$change" "$c" >"$name.c"
    ! cmp -s "$c" "$name.c" || fail "$name: its twin is the same"
    # shellcheck disable=SC2086
    ${CC:-cc} $flags -I"$srcdir/include" -I"$srcdir/plugins/probe" -o "$name.so" "$name.c" -lm 2>/dev/null
    caught=0
    for file in probes probe_looks; do
        got=0
        "$FELL" plugin verify "$cases/$file.json" --plugin "./$name.so" --json >"$file.out" 2>err || got=$?
        [ "$got" = 0 ] || caught=1
    done
    [ "$caught" = 1 ] || fail "$name: its wrong twin is not caught"
    cat probes.out probe_looks.out >both
    expect_text both "$wanted"
done

# ---- what is wrong with a case is said
cat >wrong.json <<'END'
{"cases": [
  {"name": "a", "model": ["dense: {units: 1, name: o}"], "loss": "mse", "x": [[1, 2]], "target": [[1]],
   "parameters": {"p.weight": [[1, 2]]}, "expected": {"loss": 1}},
  {"name": "b", "model": ["dense: {units: 1, name: o}"], "loss": "mse", "x": [[1, 2]], "target": [[1]],
   "parameters": {"o.weight": [[1, 2, 3]]}, "expected": {"loss": 1}},
  {"name": "c", "model": ["dense: {units: 1, name: o}"], "loss": "no_such_loss", "x": [[1, 2]], "target": [[1]],
   "expected": {"loss": 1}},
  {"name": "d", "model": ["dense: {units: 1, name: o}"], "loss": "mse", "x": [[1, 2]], "target": [[1], [2]],
   "expected": {"loss": 1}},
  {"name": "e", "model": ["dense: {units: 1, name: o}"], "loss": "mse", "x": [[1, 2]], "target": [[1]]},
  {"name": "f", "model": ["dense: {units: 1, name: o}"], "loss": "mse", "x": [[1, 2]], "target": [[3]],
   "parameters": {"o.weight": [[1, 2]], "o.bias": [0]}, "expected": {"loss": 4}, "records": {"path": {"numbers": {"loss": 5}}}}
]}
END
expect_exit 1 "$FELL" plugin verify wrong.json --json
expect_text out "its net has no tensor 'p.weight'" "'o.weight' has 3 numbers where the plugin has 2" "no_such_loss" \
    "'x' is a list of rows" "it has no 'expected' or 'records'"
expect_json out 'path.loss' "(SELECT substr(value->>'at', 1, 9) FROM json_each(j) LIMIT 1 OFFSET 5)"
