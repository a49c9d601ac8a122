#!/bin/sh
# fell schema: it is JSON Schema, accepts all specs that fell check accepts, refuses what a schema can
# refuse, and knows plugins of one's own. Debian's python3-jsonschema validates.
. "$srcdir/tests/cli/lib.sh"
once "the JSON Schema"

python=
for p in /usr/bin/python3 python3; do
    if [ -z "$python" ] && "$p" -c 'import jsonschema, yaml; jsonschema.Draft7Validator' 2>why; then
        python=$p
    fi
done
[ -n "$python" ] || {
    cat why >&2
    echo "python3-jsonschema or python3-yaml is missing" >&2
    exit 77
}
validate() {
    "$python" "$srcdir/tests/cli/schema.py" "$@" >said || {
        cat said >&2
        fail "schema.py $2"
    }
}

expect_exit 0 "$FELL" schema
expect_empty err
mv out schema.json
expect_json schema.json '"http://json-schema.org/draft-07/schema#"' "j->'\$.\$schema'"
validate schema.json meta
# What can be swept is described in its place, too.
over="json_each(j, '\$.definitions.\"sweep.over\".properties')"
expect_json schema.json 0 "(SELECT count(*) FROM $over WHERE value->>'description' IS NULL)"
expect_json schema.json 'Learning rate, 0 or more.' \
    "(SELECT substr(value->>'description', 1, 25) FROM $over WHERE key = 'optimizer.adam.lr')"

# Everything that is meant to be a spec.
ln -s "$srcdir/configs" configs
write_spec spec.yaml
write_sweep sweep.yaml
for page in README.md docs/spec.md docs/strategies.md; do
    yaml_blocks "$srcdir/$page"
done
yaml_blocks "$srcdir"/docs/reference/*.md
cat >sloppy.yaml <<'END'
# Numbers, switches, texts and lists in every way that fell reads.
name: 1_000
seed: +1e3
data: {source: {csv: {path: configs/data/digits.csv, target: -1, header: yes, shape: [1, 8.0, "8"]}}, validation: .2, test: ~}
model:
  - conv2d: {filters: 1_0, kernel: 3, stride: [1, 1e0], padding: "1", bias: Off, name: 7, trainable: no}
  - relu:
  - flatten: {}
  - dropout: {rate: 1e-1}
  - dense: {units: 16, activation: {elu: {alpha: -.5E+0}}, init: {weight: {he_normal: }, bias: zeros}, lr_factor: 0.1e1}
  - dense: {units: 10, from: dense1, activation: }
  - dense: {units: 10, from: [dense2], init: he_uniform}
loss: {cross_entropy: {class_weights: [1, 1., .5, 2e0, 1_0, "1", +1, 1, 1, 1]}}
optimizer: {sgd: {lr: 1e-2, momentum: 0.9, nesterov: YES}}
schedule: [{multi_step: {milestones: 2}}, {warmup: {steps: 1e1}}]
metrics: accuracy
train: {epochs: 2.0, batch_size: 1e2, shuffle: on, initial_weights: , clip_norm: 1_000.5, early_stopping: }
record: {gradients: {step: 5}}
checkpoint: {keep: best}
END
cat >part.yaml <<'END'
extends: sloppy.yaml
data: {source: {csv: {header: auto}}}
optimizer: {sgd: {lr: .1}}
train: {batch_size: 32}
metrics:
END
cat >swept.yaml <<'END'
seed: 1
data: {source: xor}
model:
  - dense: {activation: tanh}
  - dense: {units: 1}
loss: mse
optimizer: sgd
train: {batch_size: 0}
sweep:
  over:
    model.0.dense.units: [2, 1e1]
    train.epochs: [1, 2]
END
cat >spaces.yaml <<'END'
# Every way to say what varies, and paths into everything.
seed: 1
data: {source: {csv: {path: configs/data/digits.csv, target: target, shape: [1, 8, 8]}}, validation: 0.1, transforms: [standardize]}
model:
  - conv2d: {filters: 4, kernel: 3}
  - flatten
  - dense: {activation: relu, init: {weight: he_normal}}
  - dense: {units: 10}
loss: {cross_entropy: {class_weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}}
optimizer: {sgd: {lr: 0.1}}
schedule: {cosine: {period: 2}}
probes: [{weights: {name: mine, split: train}}]
metrics: [accuracy, {top_k: {k: 2}}]
train: {epochs: 2}
sweep:
  strategy: {tpe: {trials: 1e1, lag: 2}}
  objective: {maximize: validation.accuracy, at: last}
  pruner: {median: {startup: 3}}
  where: '"train.epochs" < 4'
  over:
    zip:
      train.clip_norm: [1, .5]
      metrics: [[accuracy, top_k], [accuracy, {top_k: {k: 3}}]]
    product:
      - {model.2.dense.units: {range: [8, 64], log: yes}}
      - {metrics.1.top_k.k: [2, 3], train.early_stopping: [~, {monitor: validation.loss}]}
    union:
      - {optimizer.sgd: [{lr: 0.1}, {lr: .2, momentum: 0.9}], train.epochs: {integer: [1, 9]}}
      - {optimizer: [adam, {lion: }], loss.cross_entropy.label_smoothing: {normal: {mean: 0, sd: 0.1, min: 0, max: .5}}}
    list:
      - {model.2.dense.activation: tanh, model.2.dense.init.weight.he_normal.mode: fan_out, schedule: constant}
      - {model.2.dense.activation: {elu: {alpha: 2}}, schedule.cosine: {period: 2}}
    model.0: [{conv2d: {filters: 2, kernel: [3, 3]}}, relu]
    loss.cross_entropy.class_weights.3: {choice: {values: [1, 2.5], weights: [3, 1]}}
    data.transforms.0: [standardize, {min_max: {}}]
    data.validation: {uniform: [0.1, 0.2]}
    probes.mine.rows: [5, 6]
    probes.*.*.split: [train, validation]
    model.dense2.bias: [yes, no]
    limits.seconds: {range: [60, 100], step: 20}
    record.gradients: [epoch, none, {step: 2}]
END
sed 's/^  strategy: .*/  strategy: {grid: }/; s/integer: .*}/range: [1, 3], step: 1}}/; s/{normal: .*/[0, 0.1]}/
    s/log: yes/log: yes, count: 2/; s/{choice: .*/[1, 2]/; s/{uniform: .*/[.1, 2e-1]/; /pruner/d' spaces.yaml >grid.yaml
cat >more.yaml <<'END'
extends: spaces.yaml
record: {gradients: {step: 4}}
sweep: {strategy: {tpe: {candidates: 5}}, over: {record.gradients.step: [1, 2], limits.seconds: {step: 10}, train.shuffle: [yes, no]}}
END
cat >vars.yaml <<'END'
# A var wherever a value can stand, and swept.
name: $name
seed: $seed
vars: {name: vars, seed: 1, w: 4, wide: yes, act: {elu: {alpha: $rate}}, rate: 0.5, hidden: {units: $w, bias: $wide}, mode: fan_out,
    keep: [best], rates: [0.1, 1], stop: {monitor: validation.loss}, monitor: validation.loss, file: configs/data/digits.csv,
    transforms: standardize, first: dense1, zeros: zeros, relu: relu, sgd: {sgd: {lr: 0.1}}, schedule: {step: {every: $w}},
    metrics: [accuracy], limits: {seconds: 60}}
data: {source: {csv: {path: $file, target: target}}, validation: $rate, transforms: $transforms}
model:
  - dense: $hidden
  - dense: {units: $w, activation: $act, name: $name, from: $first, init: {weight: {he_normal: {mode: $mode}}, bias: $zeros}}
  - $relu
  - dense: {units: 10, trainable: $wide, lr_factor: $rate}
loss: {cross_entropy: {label_smoothing: $rate, class_weights: [$w, 1, 1, 1, 1, 1, 1, 1, 1, 1]}}
optimizer: $sgd
schedule: [$schedule]
metrics: $metrics
train: {epochs: $w, shuffle: $wide, early_stopping: $stop}
record: {gradients: {step: $w}}
checkpoint: {keep: $keep}
limits: $limits
sweep:
  strategy: {random: {trials: $seed}}
  objective: {minimize: $monitor}
  over:
    vars.w: [4, 8]
    vars.hidden.units: {range: [$seed, 8], type: int}
    optimizer: [$sgd, {adam: {lr: $rate}}]
    train.clip_norm: $rates
    vars.relu: [relu, tanh]
    list: [{vars.mode: fan_in, train.batch_size: $seed}]
END
cat >deep.yaml <<'END'
seed: 1
data: {source: xor}
model:
  - repeat:
      times: 2
      model: [{residual: [layer_norm, {dense: {units: 2, name: a}}]}, {repeat: {times: 1e0, model: [relu]}}]
  - relu: {name: end}
  - add: {from: [a.1, end], name: b.1}
  - dense: {units: 1}
loss: mse
optimizer: sgd
train: {epochs: 1}
sweep:
  over:
    model.0.repeat.times: [2, 3]
    model.0.repeat.model.0.residual.1.dense.activation: [relu, {elu: {alpha: 2}}]
    model.0.repeat.model.1.repeat.times: {range: [0, 2], type: int}
END
for spec in sloppy part swept spaces grid more vars deep; do
    expect_exit 0 "$FELL" check $spec.yaml
done
validate schema.json good ./*.yaml "$srcdir"/configs/*.yaml "$srcdir"/configs/sweeps/*.yaml \
    "$srcdir"/tests/bad/diverges.yaml

# What it refuses, where, and by which word of JSON Schema.
validate schema.json bad <<END
$srcdir/tests/bad/bad-name.yaml name pattern
$srcdir/tests/bad/bomb.yaml . required
$srcdir/tests/bad/cycle.yaml model/0 type
$srcdir/tests/bad/empty-model.yaml model minItems
$srcdir/tests/bad/empty.yaml . type
$srcdir/tests/bad/many-errors.yaml model/0/dense/units minimum
$srcdir/tests/bad/many-errors.yaml model/0/dense/activation const
$srcdir/tests/bad/many-errors.yaml model/1/dropout/rate exclusiveMaximum
$srcdir/tests/bad/many-errors.yaml loss const
$srcdir/tests/bad/many-errors.yaml optimizer/sgd additionalProperties
$srcdir/tests/bad/many-errors.yaml train/epochs pattern
$srcdir/tests/bad/map-for-value.yaml model/0/dense/units type
$srcdir/tests/bad/missing-section.yaml . required
$srcdir/tests/bad/missing-setting.yaml data/source const
$srcdir/tests/bad/negative-seed.yaml seed minimum
$srcdir/tests/bad/no-epochs.yaml train/epochs minimum
$srcdir/tests/bad/no-weights.yaml model/1/relu additionalProperties
$srcdir/tests/bad/not-a-bool.yaml train/shuffle pattern
$srcdir/tests/bad/not-a-number.yaml optimizer/sgd/lr pattern
$srcdir/tests/bad/not-indented.yaml model/0 maxProperties
$srcdir/tests/bad/not-whole.yaml model/0/dense/units type
$srcdir/tests/bad/one-input-to-add.yaml model/1 const
$srcdir/tests/bad/optimizer-ranges.yaml model/1/dense/init/he_normal/mode enum
$srcdir/tests/bad/optimizer-ranges.yaml optimizer/rprop/eta_plus exclusiveMinimum
$srcdir/tests/bad/optimizer-ranges.yaml schedule/2/multi_step required
$srcdir/tests/bad/out-of-range.yaml model/0/dropout/rate exclusiveMaximum
$srcdir/tests/bad/limits.yaml limits/seconds minimum
$srcdir/tests/bad/limits.yaml limits additionalProperties
$srcdir/tests/bad/sweep-empty.yaml sweep/over/train.batch_size minItems
$srcdir/tests/bad/sweep-nowhere.yaml sweep/over additionalProperties
$srcdir/tests/bad/sweep-pruner.yaml sweep/pruner additionalProperties
$srcdir/tests/bad/sweep-pruner-setting.yaml sweep/pruner/asha additionalProperties
$srcdir/tests/bad/sweep-pruner-setting.yaml sweep/pruner/asha/reduction minimum
$srcdir/tests/bad/sweep-rows.yaml sweep/over/list/1 additionalProperties
$srcdir/tests/bad/sweep-rows.yaml sweep/over/list/2/optimizer.sgd.lr minimum
$srcdir/tests/bad/sweep-strategy.yaml sweep/strategy additionalProperties
$srcdir/tests/bad/sweep-trials.yaml sweep/strategy const
$srcdir/tests/bad/sweep-value.yaml sweep/over/optimizer.sgd.lr/2 minimum
$srcdir/tests/bad/sweep-value-37.yaml sweep/over/train.epochs/36 minimum
$srcdir/tests/bad/sweep-values.yaml sweep/over/optimizer.sgd.lr additionalProperties
$srcdir/tests/bad/too-deep.yaml model/0 type
$srcdir/tests/bad/too-many-inputs.yaml model/1/dense/from maxItems
$srcdir/tests/bad/two-plugins.yaml loss maxProperties
$srcdir/tests/bad/unknown-plugin.yaml model/0/dense/activation const
$srcdir/tests/bad/unknown-section.yaml . additionalProperties
$srcdir/tests/bad/unknown-setting.yaml optimizer/sgd additionalProperties
$srcdir/tests/bad/unknown-tensor.yaml model/0/dense/init additionalProperties
$srcdir/tests/bad/whole-share.yaml data/validation exclusiveMaximum
$srcdir/tests/bad/wrong-kind.yaml loss const
END

# A plugin of one's own.
expect_exit 0 "$FELL" plugin new activation wavy
expect_exit 0 "$FELL" plugin build wavy.c
expect_exit 0 "$FELL" schema --plugin ./wavy.so
mv out with.json
sed 's/tanh/{wavy: {slope: 0.5}}/' spec.yaml >wavy.yaml
sed 's/0\.5}}/-0.5}}/' wavy.yaml >steep.yaml
validate with.json meta
validate with.json good wavy.yaml
validate with.json bad <<END
steep.yaml model/0/dense/activation/wavy/slope minimum
END
validate schema.json bad <<END
wavy.yaml model/0/dense/activation additionalProperties
END
expect_exit 2 "$FELL" schema --plugin ./wavy.c
