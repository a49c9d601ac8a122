#!/bin/sh
# fell explain --interactive: the net in the page computes what the program computes, to 1e-4, for
# every layer, activation, loss and optimizer that it knows; what it does not know is an error.
. "${srcdir:-.}/tests/cli/lib.sh"

# spec LOSS OPTIMIZER SOURCE LAYER...
spec() {
    loss=$1 optimizer=$2 source=$3
    shift 3
    printf 'seed: 5\ndata: {source: %s, transforms: [standardize]}\n' "$source"
    printf 'loss: %s\noptimizer: %s\nmodel:\n' "$loss" "$optimizer"
    printf '  - %s\n' "$@"
    echo 'record: {gradients: {step: 1}}'
}
iris="{csv: {path: $srcdir/configs/data/iris.csv, target: target}}"
cut -d , -f 1-4 "$srcdir/configs/data/iris.csv" >flowers.csv
width="{csv: {path: flowers.csv, target: petal_width}}"

# agrees NAME EPOCHS BATCH LOSS OPTIMIZER SOURCE LAYER...
agrees() {
    name=$1 epochs=$2 batch=$3
    shift 3
    {
        spec "$@"
        echo "train: {epochs: $epochs, batch_size: $batch${clip:+, clip_norm: $clip}}"
    } >"$name.yaml"
    expect_exit 0 "$FELL" explain "$name.yaml" --interactive -o "$name.html"
    expect_empty err
    rm -f fell.db*
    expect_exit 0 "$FELL" run "$name.yaml" --quiet --db fell.db
    expect_exit 0 "$FELL" export 1 --db fell.db --safetensors weights --quiet
    sqlite3 -bail fell.db "SELECT json_group_array(json_object('loss', loss, 'norm', grad_norm, 'lr', lr, 'norms',
        (SELECT json_group_array(grad_norm) FROM (SELECT grad_norm FROM step_gradients g WHERE g.step = s.step
            ORDER BY position)))) FROM (SELECT * FROM steps ORDER BY step) AS s" >record
    node "$srcdir/tests/browser/agree.js" "$name.html" record weights || fail "the page of $name.yaml"
}

dense='dense: {units: 5}' out='dense: {units: 3}' one='dense: {units: 1}'
sgd='{sgd: {lr: 0.05}}' adam='{adam: {lr: 0.01}}'

# refused WORDS SPEC...: no page, and a message that names what is in the way.
refused() {
    words=$1
    shift
    {
        spec "$@"
        echo 'train: {epochs: 1}'
    } >no.yaml
    expect_exit 2 "$FELL" explain no.yaml --interactive -o no.html
    expect_text err "$words"
    [ ! -e no.html ] || fail "a page in spite of: $words"
}
{
    spec mse "$sgd" xor "$dense" "$one"
    echo 'train: {epochs: 2, batch_size: 2, steps_per_epoch: 3}'
} >steps.yaml
expect_exit 2 "$FELL" explain steps.yaml --interactive -o no.html
expect_text err 'the interactive page trains in whole passes over the rows (without train.steps_per_epoch, or --html)'
refused "layer 'batch_norm1': the interactive page cannot compute 'batch_norm'" cross_entropy "$sgd" "$iris" "$dense" batch_norm "$out"
refused "layer 'prelu1': the interactive page cannot compute 'prelu'" cross_entropy "$sgd" "$iris" "$dense" prelu "$out"
refused "layer 'dense1': the interactive page has no dense layer over the steps of a sequence" cross_entropy "$sgd" "$iris" \
    'reshape: {shape: [2, 2]}' 'dense: {units: 5}' flatten "$out"
refused "loss 'focal': the interactive page cannot compute 'focal'" focal "$sgd" xor "$dense" "$one"
refused "optimizer 'rprop': the interactive page cannot compute 'rprop'" mse rprop xor "$dense" "$one"
refused 'the net has 41001 parameters; the interactive page takes nets of up to 20000' mse "$sgd" xor \
    'dense: {units: 200}' 'dense: {units: 200}' "$one"
expect_exit 2 "$FELL" explain no.yaml --interactive --html
expect_text err '--html, --interactive, --svg and --json are different forms: choose one'

# A plugin of one's own is not what the page knows under that name.
"$FELL" plugin build "$srcdir/plugins/activation/tanh.c" -o mine.so >/dev/null 2>&1 || fail 'cannot build a plugin'
spec mse "$sgd" xor "$dense" tanh "$one" >own.yaml
echo 'train: {epochs: 2}' >>own.yaml
expect_exit 2 "$FELL" explain own.yaml --interactive --plugin ./mine.so -o no.html
expect_text err "layer 'tanh1': the interactive page knows the 'tanh' that comes with fell, not the one in " mine.so

# Names of the data cannot end the script that holds them.
printf 'a,b&<i>,target\n1,2,</script><b>\n2,1,dog\n3,1,</script><b>\n' >names.csv
{
    spec cross_entropy "$sgd" '{csv: {path: names.csv, target: target}}' "$dense" tanh 'dense: {units: 2}'
    echo 'train: {epochs: 2}'
} >names.yaml
expect_exit 0 "$FELL" explain names.yaml --interactive -o names.html
expect_text names.html '"\u003c/script>\u003cb>"' '"b&\u003ci>"'
expect_no_text names.html '</script><b>'

command -v node >/dev/null || exit 77
two="{csv: {path: flowers.csv, target: [petal_length, petal_width]}}"
agrees weighed 2 16 '{mse: {weight: [0.25, 2]}}' "$sgd" "$two" "$dense" tanh 'dense: {units: 2}'
agrees counted 2 16 '{huber: {weight: [0.25, 2]}}' "$sgd" "$two" "$dense" tanh 'dense: {units: 2}'
agrees a1 2 16 cross_entropy "$sgd" "$iris" "$dense" relu "$dense" leaky_relu "$dense" tanh "$dense" identity "$out"
agrees a2 2 16 cross_entropy "$adam" "$iris" "$dense" sigmoid "$dense" silu "$dense" gelu "$dense" 'gelu: {approximate: tanh}' "$out"
agrees a3 2 16 cross_entropy "$sgd" "$iris" "$dense" softplus "$dense" 'elu: {alpha: 0.7}' "$dense" 'celu: {alpha: 2}' "$dense" selu "$out"
agrees a4 2 16 cross_entropy "$adam" "$iris" "$dense" mish "$dense" softsign "$dense" sine "$dense" log_sigmoid "$out"
agrees a5 2 16 cross_entropy "$sgd" "$iris" "$dense" relu6 "$dense" hard_tanh "$dense" hard_sigmoid "$dense" hard_swish "$out"
agrees a6 2 16 cross_entropy "$sgd" "$iris" "$dense" tanh_shrink "$dense" 'hard_shrink: {lambda: 0.01}' "$dense" 'soft_shrink: {lambda: 0.01}' "$dense" softmax "$out"
agrees graph 2 32 '{nll: {class_weights: [1, 2, 0.5]}}' '{adamw: {lr: 0.01, amsgrad: true}}' "$iris" 'reshape: {shape: [2, 2]}' flatten \
    'dense: {units: 4, name: a}' 'tanh: {name: b}' 'add: {from: [b, a], name: c}' 'multiply: {from: [c, b], name: d}' \
    'concat: {from: [d, a, input]}' 'dense: {units: 3, bias: false, lr_factor: 2}' log_softmax
agrees frozen 2 0 '{cross_entropy: {label_smoothing: 0.1, class_weights: [1, 2, 3]}}' \
    '{sgd: {lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01}}' "$iris" 'dense: {units: 4, trainable: false}' tanh "$out"
clip=0.1 agrees mse 20 0 mse '{sgd: {lr: 0.1, momentum: 0.8, dampening: 0.1}}' "$width" "$dense" tanh "$one"
agrees mae 2 16 mae '{sgd: {lr: 0.01, maximize: true}}' "$width" "$dense" tanh "$one"
agrees huber 2 16 '{huber: {delta: 0.5}}' '{adam: {lr: 0.01, weight_decay: 0.1, amsgrad: true}}' "$width" "$dense" tanh "$one"
agrees smooth 2 16 '{smooth_l1: {beta: 0.3}}' "$sgd" "$width" "$dense" tanh "$one"
agrees cosh 2 16 log_cosh "$sgd" "$width" "$dense" tanh "$one"
agrees bce 10 0 bce "$sgd" xor "$dense" tanh "$one" sigmoid
agrees logits 10 0 '{bce_with_logits: {pos_weight: 2}}' "$sgd" xor "$dense" tanh "$one"
awk -F, 'NR > 1 { print $1 "," $2 "," ($3 > 4) "," ($4 > 1) }' "$srcdir/configs/data/iris.csv" | sed '1i a,b,long,wide' >answers.csv
agrees answers 2 16 '{bce_with_logits: {pos_weight: [0.5, 2]}}' "$sgd" '{csv: {path: answers.csv, target: [long, wide]}}' \
    "$dense" tanh 'dense: {units: 2}'
agrees hinge 10 0 hinge "$sgd" xor "$dense" tanh "$one"
agrees hinge2 10 0 squared_hinge "$sgd" xor "$dense" tanh "$one"
