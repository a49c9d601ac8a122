#!/bin/sh
# fell plugin: every kind of plugin is listed, shown, begun, built without a warning, and used.
. "$srcdir/tests/cli/lib.sh"

# list
expect_exit 0 "$FELL" plugin list
expect_text out "what it does" "cross_entropy" "bundled"
expect_exit 0 "$FELL" plugin list --json
mv out all.json
expect_json all.json 10 "(SELECT count(DISTINCT value->>'kind') FROM json_each(j))"
expect_json all.json 0 "(SELECT count(*) FROM json_each(j) WHERE value->>'what' = '' OR value->>'from' <> 'bundled')"
for kind in layer activation loss optimizer schedule initialiser metric dataset transform; do
    expect_exit 0 "$FELL" plugin list $kind --json
    expect_json out 1 "(SELECT count(DISTINCT value->>'kind') = 1 AND min(value->>'kind') = '$kind' FROM json_each(j))"
done
expect_exit 2 "$FELL" plugin list los
expect_text err "no kind 'los'; did you mean 'loss'?"
expect_exit 2 "$FELL" plugin list wibbledy
expect_text err "no kind 'wibbledy'; there are layer, activation"
expect_exit 2 "$FELL" plugin lits
expect_text err "'fell plugin' has no 'lits'; did you mean 'list'?"
expect_exit 2 "$FELL" plugin new loss
expect_text err "write: fell plugin new KIND NAME"

# show: what the tables say, for each plugin that is listed
expect_exit 0 "$FELL" plugin show huber
expect_text out "loss huber" "Huber" "delta" "(0, inf)" "a number" "(bundled)" "sha256"
expect_exit 0 "$FELL" plugin show gelu --json
expect_json out 'none, tanh|none' "j->>'\$.settings[0].values' || '|' || (j->>'\$.settings[0].default')"
expect_exit 0 "$FELL" plugin show batch_norm
expect_text out "running_mean" "state"
expect_exit 2 "$FELL" plugin show mae
expect_text err "'mae' is the name of loss and metric; write: fell plugin show metric mae"
expect_exit 0 "$FELL" plugin show metric mae
expect_text out "metric mae"
expect_exit 2 "$FELL" plugin show hubber
expect_text err "no plugin 'hubber'; did you mean 'huber'?"
expect_exit 2 "$FELL" plugin show loss adam
expect_text err "no loss 'adam'; write: fell plugin show optimizer adam"
expect_exit 2 "$FELL" plugin show layer max_pool
expect_text err "no layer 'max_pool'; did you mean 'max_pool2d'?"
sqlite3 :memory: "SELECT value->>'kind' || ' ' || (value->>'name') FROM json_each(CAST(readfile('all.json') AS TEXT))" >names
[ "$(wc -l <names)" -ge 100 ] || fail "only $(wc -l <names) plugins"
while read -r kind name; do
    expect_exit 0 "$FELL" plugin show "$kind" "$name"
    expect_text out "$kind $name"
done <names

# new and build: short, without a warning, and loaded
write_spec base.yaml
export CC="${CC:-cc} -Werror"
for kind in layer activation loss optimizer schedule initialiser metric dataset transform; do
    expect_exit 0 "$FELL" plugin new $kind my_$kind
    lines=$(wc -l <my_$kind.c)
    [ "$lines" -ge 20 ] && [ "$lines" -le 45 ] || fail "my_$kind.c has $lines lines"
    expect_exit 0 "$FELL" plugin build my_$kind.c
    expect_empty err
    expect_text out "my_$kind.so: $kind 'my_$kind'" "fell plugin check ./my_$kind.so"
    expect_exit 0 "$FELL" plugin show my_$kind --plugin ./my_$kind.so
    expect_text out "$kind my_$kind" "my_$kind.so"
done
expect_exit 2 "$FELL" plugin new loss my_loss
expect_text err "my_loss.c: is there already; it is not replaced"
expect_exit 2 "$FELL" plugin new los x
expect_text err "did you mean 'loss'?"
expect_exit 2 "$FELL" plugin new loss 2x
expect_text err "'2x' cannot be a name"
expect_exit 2 "$FELL" plugin new layer input
expect_text err "'input' cannot be a name: a spec has another use for it"
expect_exit 0 "$FELL" plugin new loss other -o elsewhere.c
grep -q '"other"' elsewhere.c || fail "new -o wrote another name"

# all of them in one recorded run
cat >own.yaml <<'END'
seed: 1
data: {source: {my_dataset: {rows: 40}}, transforms: [{my_transform: {factor: 2}}]}
model:
  - my_layer: {gain: 0.5}
  - dense: {units: 8, activation: my_activation, init: {weight: my_initialiser}}
  - dense: {units: 1}
loss: my_loss
optimizer: {my_optimizer: {lr: 0.05}}
schedule: my_schedule
metrics: [my_metric]
train: {epochs: 30, batch_size: 8}
END
set --
for kind in layer activation loss optimizer schedule initialiser metric dataset transform; do
    set -- "$@" --plugin ./my_$kind.so
done
expect_exit 0 "$FELL" run own.yaml --quiet --db own.db "$@"
expect_sql own.db 'finished|30' "SELECT status, epochs_done FROM runs"
expect_sql own.db 9 "SELECT count(*) FROM plugins WHERE name LIKE 'my\\_%' ESCAPE '\\'"
expect_sql own.db 1 "SELECT (SELECT train_loss FROM epochs WHERE epoch = 30) < 0.5 * (SELECT train_loss FROM epochs WHERE epoch = 1)"

# what hides what
mkdir -p own/loss
sed 's/my_loss/mse/' my_loss.c >mse.c
expect_exit 0 "$FELL" plugin build mse.c -o own/loss/mse.so
FELL_PLUGIN_PATH=$PWD/own expect_exit 0 "$FELL" plugin show mse
expect_text out "own/loss/mse.so" "hides    "
expect_exit 0 "$FELL" plugin show mse
expect_no_text out "hides"

# build: the compiler's own words, and what is no plugin
echo 'int f(void) { return x; }' >wrong.c
expect_exit 2 "$FELL" plugin build wrong.c
expect_text err "wrong.c:1" "wrong.so was not built"
echo 'int f(void) { return 1; }' >none.c
expect_exit 2 "$FELL" plugin build none.c
expect_text err "none.so"
expect_exit 2 "$FELL" plugin build missing.c
expect_text err "missing.c: No such file"
expect_exit 2 "$FELL" plugin build my_loss.so
expect_text err "'my_loss.so' is not a C file"
CC=no-such-compiler expect_exit 2 "$FELL" plugin build my_loss.c
expect_text err "no-such-compiler"

# verify: every stored case of PyTorch's and others, and what is wrong with a file
for file in "$srcdir"/tests/reference/*.json; do
    case $file in */kinds.json) tolerance="--tolerance 0.02" ;; *) tolerance= ;; esac
    # shellcheck disable=SC2086
    expect_exit 0 "$FELL" plugin verify "$file" $tolerance --json
    expect_json out 1 "(SELECT count(*) > 5 AND min(value->>'result') = 'ok' AND max(value->>'error') <= 0.02 FROM json_each(j))"
done
expect_exit 0 "$FELL" plugin verify --reference "$srcdir/tests/reference/losses.json"
expect_text out "20 of 20 cases within 1e-05"
expect_exit 1 "$FELL" plugin verify --reference "$srcdir/tests/reference/losses.json" --tolerance 0
expect_text out "FAILED"
cat >few.json <<'END'
{"cases": [{"name": "relu", "options": {}, "x": [[-1, 2]], "y": [[0, 2]], "dy": [[3, 4]], "dx": [[0, 5]]},
           {"name": "rleu", "options": {}, "x": [[1]], "y": [[1]], "dy": [[1]], "dx": [[1]]},
           {"name": "relu", "options": {"slope": 1}, "x": [[1]], "y": [[1]], "dy": [[1]], "dx": [[1]]},
           {"name": "relu", "x": [[1, 2], [3]], "y": [[1]], "dy": [[1]], "dx": [[1]]},
           {"name": "relu", "x": [[1]], "dy": [[1]], "dx": [[1]]},
           {"name": "nll", "prediction": [[1, 2]], "target": [2], "gradient": [[0, 0]], "loss": 1},
           {"name": "embedding", "options": {"num_embeddings": 3, "embedding_dim": 2}, "x": [[2, 0]],
            "parameters_before": {"weight": [[1, 2], [3, 4], [5, 6]]}, "y": [[[5, 6], [1, 2]]],
            "dy": [[[7, 8], [9, 10]]], "gradients": {"weight": [[9, 10], [0, 0], [7, 8]]}},
           {"name": "embedding", "options": {"num_embeddings": 2, "embedding_dim": 2}, "x": [[2, 0]],
            "parameters_before": {"weight": [[1, 2], [3, 4]]}, "y": [[[5, 6], [1, 2]]],
            "dy": [[[7, 8], [9, 10]]], "gradients": {"weight": [[9, 10], [0, 0]]}},
           {"name": "relu"},
           {"name": "relu", "x": [[1]], "y": [[1]]},
           {"options": {}}]}
END
expect_exit 1 "$FELL" plugin verify --reference few.json --json
mv out few.out
expect_json few.out 'dx[1]|4|5' "(SELECT (value->>'at') || '|' || (value->>'got') || '|' || (value->>'wanted') FROM json_each(j) LIMIT 1)"
expect_json few.out 'ok|0' "(SELECT (value->>'result') || '|' || (value->>'error') FROM json_each(j) LIMIT 1 OFFSET 6)"
expect_text few.out "did you mean 'relu'?" "has no setting 'slope'" "'x' is not a tensor of numbers" "it has no 'y'" \
    "target 0 is 2, which is no class of 2" "x[0] is 2, which is no whole number from 0 to 1" "its keys tell no kind" "it has no 'name'" \
    "'relu' is an activation, not a transform; a case with 'y' and neither 'dx' nor 'parameters_before' is a transform's"
# an infinity hides no other number; rows and shapes are whole numbers
cat >odd.json <<'END'
[{"name": "relu", "x": [[1e999, 4]], "y": [[1e999, 5]], "dy": [[1, 1]], "dx": [[1, 1]]},
 {"name": "relu", "x": [[1e999, 4]], "y": [[1e999, 4]], "dy": [[1, 1]], "dx": [[1, 1]]},
 {"name": "ones", "shape": [2.5], "sd": 0, "mean": 1},
 {"name": "xor", "rows": [0.5], "x": [[0, 0]], "target": [[0]]}]
END
expect_exit 1 "$FELL" plugin verify odd.json --json
mv out odd.out
expect_json odd.out 'y[1]|4|5' "(SELECT (value->>'at') || '|' || (value->>'got') || '|' || (value->>'wanted') FROM json_each(j) LIMIT 1)"
expect_json odd.out ok "json_extract(j, '\$[1].result')"
expect_text odd.out "'shape' holds other than whole numbers from 1 on" "row 0.5 is not one of its 4"
# every kind, layers of two inputs too
expect_exit 0 "$FELL" plugin verify --reference "$srcdir/tests/reference/kinds.json" --tolerance 0.02
expect_text out "14 of 14 cases"
for kind in transform layer metric initialiser dataset; do expect_text out "$kind"; done
sed 's/"dx1": \[/"dx1": [[9, 9, 9], [9, 9, 9]], "other": [/; s/"count": 4/"count": 5/; s/"value": 0.5/"value": 0.25/' "$srcdir/tests/reference/kinds.json" >wrong_kinds.json
expect_exit 1 "$FELL" plugin verify --reference wrong_kinds.json --tolerance 0.02
expect_text out "dx1[" "count[0]"
# what is misspelt compares nothing, and is an error
swish='"name": "silu", "x": [[0]], "y": [[0]], "dy": [[1]], "dx": [[0.5]]'
probe='"name": "n", "model": ["dense: {units: 1, name: o}"], "loss": "mse", "x": [[1]], "target": [[1]]'
norm='"name": "batch_norm", "x": [[1], [3]], "y": [[-1], [1]], "dy": [[0], [0]], "dx": [[0], [0]], "gradients": {"weight": [0], "bias": [0]}, "options": {"epsilon": 1e-12}'
cat >misspelt.json <<END
[{$swish, "note": "for readers", "about": 3}, {$swish, "optoins": {"beta": 2}}, {$swish, "y": [[1]]}, {$swish, "options": [2]},
 {"name": "mae", "prediction": [[1]], "target": [[1]], "value": 0, "prediction_si": "logit"},
 {"name": "mae", "prediction": [[1]], "target": [[1]], "value": 0, "target_is": "yesno"},
 {"name": "mae", "prediction": [[1]], "target": [[1]], "value": 0, "cut": "0.5"},
 {"name": "mae", "prediction": [[1]], "target": [[1]], "values": null},
 {"name": "step", "options": {"every": 2}, "base_lr": 0.1, "lr": [0.1], "advances_every": "steps"},
 {"name": "ones", "shape": [2], "w": [1, 1], "maen": 0},
 {"name": "xor", "rows": [0], "x": [[0, 0]], "target": [[0]], "cuont": 4},
 {"name": "xor", "rows": [0], "x": [[0, 0]], "target": [[0]], "target_is": "class"},
 {$norm, "parameters_before": {"weight": [1], "bias": [0], "running_mean": [0], "running_var": [1]}, "state_after": {"runing_mean": [9]}},
 {$norm, "parameters_before": {"weight": [1], "bias": [0], "running_mean": [0], "running_var": [1]}, "training": "no"},
 {$probe, "records": null}, {$probe, "records": {"weights": {"number": {"max_abs": 1}}}},
 {$probe, "records": {"weights": {"numbers": {"max_asb": null}}}},
 {$probe, "records": {"weights": {"numbers": {"max_abs": {"p.weight": null}}}}}]
END
expect_exit 1 "$FELL" plugin verify misspelt.json --json
expect_json out 1 "(SELECT json_extract(j, '\$[0].result') = 'ok')"
sqlite3 :memory: "SELECT value->>'why' FROM json_each(CAST(readfile('out') AS TEXT)) WHERE key > 0" >why
diff - why <<'END' || fail "other words: $(cat why)"
it has no key 'optoins'; did you mean 'options'?
it has 'y' twice
'options' is not a map
it has no key 'prediction_si'; did you mean 'prediction_is'?
'target_is' is none of numbers one_class yes_no
'cut' is not a number
'values' is not a list
'advances_every' is none of epoch step
it has no key 'maen'; did you mean 'mean'?
it has no key 'cuont'; did you mean 'count'?
'target_is' is none of classes values
it has no tensor 'runing_mean'; did you mean 'running_mean'?
'training' is not true or false
'records' is not a map
it has no key 'number'; did you mean 'numbers'?
it has no number 'max_asb'; did you mean 'max_abs'?
it has no entry or tensor 'p.weight'; did you mean 'o.weight'?
END
echo '{"cases": [' >broken.json
expect_exit 2 "$FELL" plugin verify --reference broken.json
expect_text err "this is not JSON"
echo '{}' >empty.json
expect_exit 2 "$FELL" plugin verify --reference empty.json
expect_text err "there is no list 'cases'"
expect_exit 2 "$FELL" plugin verify --reference missing.json
expect_text err "missing.json"
expect_exit 2 "$FELL" plugin verify
expect_text err "write: fell plugin verify FILE.json"

# a plugin that crashes has failed its case, and the others are run
sed 's/my_activation/crashes/; s/return x > 0.0f ? x/return x > 1.0f ? __builtin_trap(), x : x > 0.0f ? x/' my_activation.c >crashes.c
expect_exit 0 "$FELL" plugin build crashes.c
cat >crashes.json <<'END'
{"cases": [{"name": "crashes", "x": [[1]], "y": [[1]], "dy": [[2]], "dx": [[2]]},
           {"name": "crashes", "x": [[2]], "y": [[2]], "dy": [[2]], "dx": [[2]]},
           {"name": "crashes", "x": [[0]], "y": [[0]], "dy": [[2]], "dx": [[0.2]]},
           {"name": "add", "x": [[1]], "y": [[1]], "dy": [[1]], "dx": [[1]], "parameters_before": {}},
           {"name": "step", "options": {"every": 2}, "base_lr": 0.1, "lr": []},
           {"name": "plateau", "base_lr": 0.1, "lr": [0.1, 0.1]}]}
END
expect_exit 1 "$FELL" plugin verify --reference crashes.json --plugin ./crashes.so --json
expect_json out 'ok FAILED ok FAILED FAILED FAILED' "(SELECT group_concat(value->>'result', ' ') FROM json_each(j))"
expect_text out "it crashes (SIG" "it takes 2 inputs or more; the case has 1" "'lr' is empty" "it has no 'history'"

# a wrong derivative is found out
sed 's/1.0f : (float)s->slope;/1.0f : 2.0f * (float)s->slope;/; s/my_activation/leaky/; s/slope/negative_slope/g' my_activation.c >leaky.c
sed 's/"leaky"/"leaky_relu"/' leaky.c >wrong_leaky.c
expect_exit 0 "$FELL" plugin build wrong_leaky.c
expect_exit 1 "$FELL" plugin verify --reference "$srcdir/tests/reference/activations.json" --plugin ./wrong_leaky.so
expect_text out "leaky_relu" "FAILED" "dx"
