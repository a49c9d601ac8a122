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
command -v node >/dev/null || exit 77

dense='dense: {units: 5}' out='dense: {units: 3}' one='dense: {units: 1}'
sgd='{sgd: {lr: 0.05}}' adam='{adam: {lr: 0.01}}'
agrees a1 2 16 cross_entropy "$sgd" "$iris" "$dense" relu "$dense" leaky_relu "$dense" tanh "$dense" identity "$out"
agrees a2 2 16 cross_entropy "$adam" "$iris" "$dense" sigmoid "$dense" silu "$dense" gelu "$dense" 'gelu: {approximate: tanh}' "$out"
agrees a3 2 16 cross_entropy "$sgd" "$iris" "$dense" softplus "$dense" 'elu: {alpha: 0.7}' "$dense" 'celu: {alpha: 2}' "$dense" selu "$out"
agrees a4 2 16 cross_entropy "$adam" "$iris" "$dense" mish "$dense" softsign "$dense" sine "$dense" log_sigmoid "$out"
agrees a5 2 16 cross_entropy "$sgd" "$iris" "$dense" relu6 "$dense" hard_tanh "$dense" hard_sigmoid "$dense" hard_swish "$out"
agrees a6 2 16 cross_entropy "$sgd" "$iris" "$dense" tanh_shrink "$dense" 'hard_shrink: {lambda: 0.01}' "$dense" 'soft_shrink: {lambda: 0.01}' "$dense" softmax "$out"
agrees graph 2 32 '{nll: {class_weights: [1, 2, 0.5]}}' '{adamw: {lr: 0.01, amsgrad: true}}' "$iris" flatten \
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
agrees hinge 10 0 hinge "$sgd" xor "$dense" tanh "$one"
agrees hinge2 10 0 squared_hinge "$sgd" xor "$dense" tanh "$one"
