#!/usr/bin/env python3
"""edges.py - makes *_edges.json: what PyTorch says where a formula has a kink, a tie or an end, and of settings
at the edge of their range, in the form of the other files here. Run where torch is installed (2.15 made what is
stored), in the folder of the files:
    python3 tests/reference/edges.py tests/reference
Inputs are float32 numbers, sums are float64."""
import json
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
random = torch.Generator().manual_seed(11)
SOURCE = f"PyTorch {torch.__version__.split('+')[0]}, float64, made by edges.py"


def numbers(t):
    return t.detach().tolist() if torch.is_tensor(t) else t


def rounded(*shape, scale=1.0):
    """Normal numbers that float32 holds exactly."""
    return (torch.randn(*shape, generator=random) * scale).float().double()


def write(name, about, cases):
    with open(f"{sys.argv[1]}/{name}.json", "w") as f:
        f.write('{"source": ' + json.dumps(SOURCE) + ', "about": ' + json.dumps(about) + ', "cases": [\n')
        f.write(",\n".join(json.dumps(c) for c in cases) + "\n]}\n")


# ---- activations
cases = []
KINKS = torch.tensor([[-100, -20, -10, -6, -3, -2, -1, -0.5], [-0.25, -0.0, 0.0, 0.25, 0.5, 1, 2, 3], [6, 10, 20, 21, 40, 100, 1e-4, -1e-4]])
KINKS = KINKS.float().double()


def activation(name, f, x=KINKS, **options):
    x = x.clone().requires_grad_()
    y = f(x)
    dy = rounded(*y.shape)
    y.backward(dy)
    cases.append({"name": name, "options": options, "x": numbers(x), "y": numbers(y), "dy": numbers(dy), "dx": numbers(x.grad)})


for name, f in (("relu", F.relu), ("relu6", F.relu6), ("sigmoid", torch.sigmoid), ("tanh", torch.tanh), ("silu", F.silu),
                ("mish", F.mish), ("softsign", F.softsign), ("hard_sigmoid", F.hardsigmoid), ("hard_swish", F.hardswish),
                ("log_sigmoid", F.logsigmoid), ("selu", F.selu), ("tanh_shrink", F.tanhshrink), ("sine", torch.sin),
                ("celu", F.celu), ("elu", F.elu), ("gelu", F.gelu), ("softplus", F.softplus)):
    activation(name, f)
activation("gelu", lambda x: F.gelu(x, approximate="tanh"), approximate="tanh")
activation("leaky_relu", lambda x: F.leaky_relu(x, 0.25), negative_slope=0.25)
activation("elu", lambda x: F.elu(x, 0.0), alpha=0.0)
activation("elu", lambda x: F.elu(x, 2.0), alpha=2.0)
activation("celu", lambda x: F.celu(x, 2.0), alpha=2.0)
activation("softplus", lambda x: F.softplus(x, 2.0, 20.0), beta=2.0, threshold=20.0)
activation("softplus", lambda x: F.softplus(x, 1.0, 0.0), beta=1.0, threshold=0.0)
for at in (0.0, 0.5, 3.0):
    activation("soft_shrink", lambda x: F.softshrink(x, at), **{"lambda": at})
    activation("hard_shrink", lambda x: F.hardshrink(x, at), **{"lambda": at})
activation("hard_tanh", F.hardtanh)
activation("hard_tanh", lambda x: F.hardtanh(x, -3.0, 6.0), min=-3.0, max=6.0)
ROWS = torch.tensor([[1.0, 1, 1, 1], [200, -200, 0, 200], [-100, -100, -100.5, -101], [0, 80, 90, 100]])
activation("softmax", lambda x: F.softmax(x, 1), ROWS)
activation("log_softmax", lambda x: F.log_softmax(x, 1), ROWS)
write("activation_edges", "activations.json at kinks, at zero and far out", cases)

# ---- losses
cases = []


def loss(name, f, prediction, target, **options):
    p = prediction.clone().requires_grad_()
    value = f(p, target)
    value.backward()
    cases.append({"name": name, "options": options, "prediction": numbers(p), "target": numbers(target), "loss": value.item(),
                  "gradient": numbers(p.grad)})


x = torch.tensor([[0.0, 0.5, 1.0], [-0.5, -1.0, 3.0], [2.0, -3.0, 0.25]])
zero = torch.zeros_like(x)
loss("mae", F.l1_loss, x, zero)
loss("mse", F.mse_loss, x, zero)
for at in (0.5, 1.0, 3.0):
    loss("huber", lambda p, t: F.huber_loss(p, t, delta=at), x, zero, delta=at)
    loss("smooth_l1", lambda p, t: F.smooth_l1_loss(p, t, beta=at), x, zero, beta=at)
loss("smooth_l1", lambda p, t: F.smooth_l1_loss(p, t, beta=0.0), x, zero, beta=0)
ends = torch.tensor([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]])
loss("bce", F.binary_cross_entropy, ends, torch.tensor([[0.0, 1.0, 1.0], [0.0, 1.0, 0.5]]))
far = torch.tensor([[-90.0, 90.0, 0.0], [90.0, -90.0, 30.0]])
loss("bce_with_logits", F.binary_cross_entropy_with_logits, far, torch.tensor([[0.0, 1.0, 1.0], [0.0, 1.0, 0.5]]))
each = torch.tensor([0.5, 2.0, 4.0])
loss("bce_with_logits", lambda p, t: F.binary_cross_entropy_with_logits(p, t, pos_weight=each), far,
     torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]), pos_weight=numbers(each))
logits = torch.tensor([[1.0, 1.0, 1.0], [90.0, -90.0, 0.0], [-5.0, 5.0, 5.0], [0.0, 0.5, -0.5]])
labels = torch.tensor([0, 1, 2, 1])
weights = torch.tensor([0.0, 0.5, 2.0])
for smoothing in (0.0, 0.1, 0.75):
    loss("cross_entropy", lambda p, t: F.cross_entropy(p, t, label_smoothing=smoothing), logits, labels, label_smoothing=smoothing)
    loss("cross_entropy", lambda p, t: F.cross_entropy(p, t, weight=weights, label_smoothing=smoothing), logits, labels,
         label_smoothing=smoothing, class_weights=numbers(weights))
logs = F.log_softmax(logits, 1).float().double()
loss("nll", F.nll_loss, logs, labels)
loss("nll", lambda p, t: F.nll_loss(p, t, weight=weights), logs, labels, class_weights=numbers(weights))
shares = torch.tensor([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.25, 0.25, 0.5], [0.0, 0.0, 1.0]])
loss("kl_divergence", lambda p, t: F.kl_div(p, t, reduction="batchmean"), logs, shares)
loss("kl_divergence", lambda p, t: F.kl_div(p, t, reduction="batchmean", log_target=True), logs, logs.flip(0), log_target=True)
counts = torch.tensor([[0.0, 1.0, 2.0], [0.5, 10.0, 1.5]])
rates = torch.tensor([[-20.0, 0.0, 1.0], [0.5, 2.0, 3.0]])
for full in (False, True):
    loss("poisson_nll", lambda p, t: F.poisson_nll_loss(p, t, full=full), rates, counts, full=full)
    loss("poisson_nll", lambda p, t: F.poisson_nll_loss(p, t, log_input=False, full=full, eps=0.0625), rates.abs(), counts,
         full=full, log_input=False, epsilon=0.0625)
write("loss_edges", "losses.json at kinks, at the ends of probabilities, far out, and at the ends of settings", cases)

# ---- layers
cases = []


def layer(name, module, x, training=True, parameters=None, **options):
    x = x.clone().requires_grad_()
    module.train(training)
    before = {k: numbers(v) for k, v in module.named_parameters()}
    state = {k: v for k, v in module.named_buffers()}
    before |= {k: numbers(v) for k, v in state.items()} if parameters == "all" else {}
    y = module(x)
    dy = rounded(*y.shape)
    y.backward(dy)
    cases.append({"name": name, "options": options, "training": training, "x": numbers(x), "y": numbers(y), "dy": numbers(dy),
                  "dx": numbers(x.grad), "parameters_before": before,
                  "gradients": {k: numbers(v.grad) for k, v in module.named_parameters()}, "state_after": {}})


ties = torch.tensor([1.0, 1, 2, 2, 0, 0, 2, 1, 1, 2, 2, 2, 0, 0, 0, 1]).reshape(1, 1, 4, 4)
layer("max_pool2d", torch.nn.MaxPool2d(2), ties, kernel=2)
layer("max_pool2d", torch.nn.MaxPool2d(3, 1, 1), ties, kernel=3, stride=1, padding=1)
layer("max_pool2d", torch.nn.MaxPool2d(3, 1, 1), -ties, kernel=3, stride=1, padding=1)
layer("avg_pool2d", torch.nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), rounded(2, 2, 4, 4), kernel=3, stride=2,
      padding=1, ceil_mode=True, count_include_pad=False)
layer("global_avg_pool2d", torch.nn.AdaptiveAvgPool2d(1), rounded(2, 3, 1, 1))
layer("flatten", torch.nn.Flatten(), rounded(2, 2, 3, 2))
layer("reshape", torch.nn.Unflatten(1, (2, 3)), rounded(2, 6), shape=[2, 3])
layer("reshape", torch.nn.Unflatten(1, (2, -1)), rounded(3, 8), shape=[2, -1])
layer("prelu", torch.nn.PReLU(3), torch.tensor([[0.0, -0.0, 1.0], [-1.0, 2.0, 0.0]]), shared=False)


def drawn(module):
    """With parameters that float32 holds exactly."""
    for p in module.parameters():
        p.data = rounded(*p.shape)
    return module


layer("layer_norm", drawn(torch.nn.LayerNorm(4)), torch.tensor([[2.0, 2, 2, 2], [0, 0, 0, 1]]))
layer("group_norm", drawn(torch.nn.GroupNorm(2, 4)), torch.tensor([[2.0, 2, 1, 3], [0, 0, 0, 1]]).reshape(2, 4, 1, 1), num_groups=2)
layer("conv1d", drawn(torch.nn.Conv1d(2, 3, 3, padding=2, dilation=2)), rounded(2, 2, 3), filters=3, kernel=3, padding=2, dilation=2)
layer("conv2d", drawn(torch.nn.Conv2d(2, 4, 3, stride=3, padding=2, groups=2)), rounded(2, 2, 4, 4), filters=4, kernel=3, stride=3,
      padding=2, groups=2)
write("layer_edges", "layers.json where numbers are equal, rows are flat, and little is left of an input", cases)

# ---- schedules
cases = []


def schedule(name, make, n, base=0.5, **options):
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    s = make(o)
    rates = []
    for _ in range(n):
        rates.append(o.param_groups[0]["lr"])
        o.step()
        s.step()
    cases.append({"name": name, "options": options, "base_lr": base, "advances_every": "epoch", "lr": rates})


from torch.optim import lr_scheduler as S  # noqa: E402

schedule("step", lambda o: S.StepLR(o, 1, 0.5), 5, every=1, gamma=0.5)
schedule("step", lambda o: S.StepLR(o, 3, 1.0), 7, every=3, gamma=1.0)
schedule("multi_step", lambda o: S.MultiStepLR(o, [1, 2], 0.1), 5, milestones=[1, 2], gamma=0.1)
schedule("exponential", lambda o: S.ExponentialLR(o, 1.0), 4, gamma=1.0)
schedule("exponential", lambda o: S.ExponentialLR(o, 0.5), 4, gamma=0.5)
schedule("constant", lambda o: S.ConstantLR(o, 1.0, 2), 5, factor=1.0, period=2)
schedule("constant", lambda o: S.ConstantLR(o, 0.5, 1), 4, factor=0.5, period=1)
schedule("linear", lambda o: S.LinearLR(o, 0.5, 1.0, 1), 4, start_factor=0.5, end_factor=1.0, period=1)
schedule("polynomial", lambda o: S.PolynomialLR(o, 4, 1.0), 7, period=4, power=1.0)
schedule("polynomial", lambda o: S.PolynomialLR(o, 1, 2.0), 4, period=1, power=2.0)
schedule("cosine", lambda o: S.CosineAnnealingLR(o, 3, 0.0), 9, period=3, minimum=0.0)
schedule("cosine", lambda o: S.CosineAnnealingLR(o, 1, 0.25), 5, period=1, minimum=0.25)
schedule("cosine_restarts", lambda o: S.CosineAnnealingWarmRestarts(o, 1, 2), 9, period=1, multiplier=2)
write("schedule_edges", "schedules.json with the least periods, and past the end", cases)

# ---- optimizers
cases = []


def optimizer(name, make, gradients, **options):
    theta = torch.nn.Parameter(rounded(len(gradients[0])))
    start, seen = numbers(theta), []
    o = make([theta])
    for g in gradients:
        theta.grad = torch.tensor(g)
        o.step()
        seen.append(numbers(theta))
    cases.append({"name": name, "options": options, "theta0": start, "gradients": gradients, "theta": seen})


ZEROS = [[0.0, 1.0, -1.0, 0.0], [0.0, 0.0, 2.0, 1e-4], [0.0, -1.0, 2.0, 1e4], [0.0, 0.0, 0.0, 0.0], [0.5, -1.0, 0.0, 1.0]]
A = torch.optim
for name, make, lr in (("sgd", A.SGD, 0.125), ("adam", A.Adam, 0.125), ("adamw", A.AdamW, 0.125), ("adagrad", A.Adagrad, 0.125),
                       ("adadelta", A.Adadelta, 1.0), ("rmsprop", A.RMSprop, 0.125), ("adamax", A.Adamax, 0.125),
                       ("nadam", A.NAdam, 0.125), ("radam", A.RAdam, 0.125), ("rprop", A.Rprop, 0.125)):
    optimizer(name, lambda p: make(p, lr=lr, weight_decay=0.0) if name != "rprop" else make(p, lr=lr), ZEROS,
              **({"lr": lr, "weight_decay": 0.0} if name != "rprop" else {"lr": lr}))
optimizer("sgd", lambda p: A.SGD(p, lr=0.125, momentum=0.5, nesterov=True), ZEROS, lr=0.125, momentum=0.5, nesterov=True)
optimizer("rmsprop", lambda p: A.RMSprop(p, lr=0.125, centered=True, momentum=0.5), ZEROS, lr=0.125, centered=True, momentum=0.5)
optimizer("adam", lambda p: A.Adam(p, lr=0.125, amsgrad=True), ZEROS, lr=0.125, amsgrad=True)
write("optimizer_edges", "optimizers.json with PyTorch's own defaults, and gradients of 0, of both signs and of many sizes", cases)
