#!/usr/bin/env python3
"""catalogue.py - makes catalogue.json: what PyTorch says of layers, losses, optimizers and schedules with settings
drawn here, in the form of the other files. Run where torch is installed (2.15 made what is stored):
    python3 tests/reference/catalogue.py tests/reference
Inputs are float32 numbers, sums are float64."""
import json
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.set_default_dtype(torch.float64)
random = torch.Generator().manual_seed(23)
torch.manual_seed(23)
SOURCE = f"PyTorch {torch.__version__.split('+')[0]}, float64, made by catalogue.py"
cases = []


def rounded(*shape, scale=1.0):
    """Normal numbers that float32 holds exactly."""
    return (torch.randn(*shape, generator=random) * scale).float().double()


def digits(t):
    return json.loads(json.dumps(t.detach().tolist()), parse_float=lambda s: float("%.9g" % float(s)))


def layer(name, module, *inputs, call=None, training=True, names=None, **options):
    """A case of MODULE, whose parameters are drawn; CALL(module, *inputs) where it is not module(*inputs)."""
    inputs = [x if x.dtype == torch.int64 else x.clone().requires_grad_() for x in inputs]
    parameters = dict(module.named_parameters()) if module else {}
    for key, p in parameters.items():
        p.data = rounded(*p.shape, scale=0.5) + (1.0 if key == "weight" and p.dim() == 1 else 0.0)
    before = {k: digits(v) for k, v in parameters.items()}
    states = {k: v for k, v in (module.named_buffers() if module else ()) if v.dtype.is_floating_point}
    for key, v in states.items():
        v.copy_((rounded(*v.shape, scale=0.2) + 1.0).float().double())
        before[key] = digits(v)
    if module:
        module.train(training)
    y = (call or (lambda m, *x: m(*x)))(module, *inputs)
    dy = rounded(*y.shape)
    y.backward(dy)
    case = {"name": name, "options": options, "training": training}
    for i, x in enumerate(inputs):
        case["x%d" % i if i else "x"] = digits(x)
    case |= {"y": digits(y), "dy": digits(dy)}
    for i, x in enumerate(inputs):
        if x.grad is not None:
            case["dx%d" % i if i else "dx"] = digits(x.grad)
    rename = names or {}
    case["parameters_before"] = {rename.get(k, k): v for k, v in before.items()}
    case["gradients"] = {rename.get(k, k): digits(p.grad) for k, p in parameters.items()}
    case["state_after"] = {rename.get(k, k): digits(v) for k, v in states.items()}
    cases.append(case)


# ---- attention, over the sequence itself and over another one
def attention(x, memory=None, heads=1, causal=False, bias=True):
    width, other = x.shape[-1], (x if memory is None else memory).shape[-1]
    module = nn.MultiheadAttention(width, heads, bias=bias, batch_first=True, kdim=other, vdim=other)

    def call(m, q, kv=None):
        kv = q if kv is None else kv
        mask = torch.ones(q.shape[1], kv.shape[1]).triu(1).bool() if causal else None
        return m(q, kv, kv, attn_mask=mask, need_weights=False)[0]

    layer("attention", module, *([x] if memory is None else [x, memory]), call=call, heads=heads, causal=causal, bias=bias)


attention(rounded(2, 7, 6), heads=3)
attention(rounded(2, 1, 4), heads=2, causal=True)
attention(rounded(1, 70, 4), heads=2, causal=True)  # more queries than are worked on at a time
attention(rounded(3, 4, 6), rounded(3, 5, 6), heads=2)
attention(rounded(2, 4, 6), rounded(2, 3, 5), heads=3)
attention(rounded(2, 3, 4), rounded(2, 3, 2), heads=1, bias=False)
attention(rounded(2, 3, 4), rounded(2, 5, 4), heads=4, causal=True)

# ---- norms
layer("rms_norm", nn.RMSNorm(7, eps=1e-3), rounded(5, 7), epsilon=1e-3)
layer("rms_norm", nn.RMSNorm([4, 3], eps=1e-6), rounded(2, 2, 4, 3), normalized_shape=[4, 3])
layer("rms_norm", nn.RMSNorm(20, eps=0.5, elementwise_affine=False), rounded(2, 20), epsilon=0.5, elementwise_affine=False)
layer("layer_norm", nn.LayerNorm(6, bias=False), rounded(3, 6), bias=False)

# ---- what moves and gates
GATES = {"sigmoid": torch.sigmoid, "silu": F.silu, "gelu": F.gelu, "relu": F.relu, "tanh": torch.tanh, "identity": lambda b: b}
for gate, f in GATES.items():
    layer("glu", None, rounded(2, 3, 10), call=lambda m, x: x[..., :5] * f(x[..., 5:]), gate=gate)
layer("glu", nn.GLU(dim=1), rounded(2, 4, 3, 2), dim=0)
layer("glu", nn.GLU(dim=-2), rounded(2, 4, 3), dim=-2)
layer("permute", None, rounded(2, 2, 3, 4), call=lambda m, x: x.permute(0, 3, 1, 2), axes=[2, 0, 1])
layer("permute", None, rounded(2, 2, 3, 4), call=lambda m, x: x.permute(0, 3, 2, 1))
layer("permute", None, rounded(2, 2, 3, 4, 2), call=lambda m, x: x.permute(0, 2, 4, 1, 3), axes=[1, 3, 0, 2])
layer("sequence_pool", None, rounded(3, 20, 17), call=lambda m, x: x.mean(1), mode="mean")
layer("sequence_pool", None, rounded(3, 20, 17), call=lambda m, x: x.amax(1), mode="max")
layer("sequence_pool", None, rounded(3, 20, 17), call=lambda m, x: x[:, -1], mode="last")
layer("sequence_pool", None, rounded(3, 20, 17), call=lambda m, x: x[:, 0], mode="first")


def waves(m, x):
    t, j = torch.arange(x.shape[1])[:, None], torch.arange(x.shape[2])[None]
    angle = t / 10000 ** ((j - j % 2) / x.shape[2])
    return x + torch.where(j % 2 == 0, angle.sin(), angle.cos())


layer("positional", None, rounded(2, 40, 7), call=waves, kind="sinusoidal")


class Learned(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*shape))

    def forward(self, x):
        return x + self.weight


layer("positional", Learned(6, 3), rounded(4, 6, 3))


def padded(m, x):
    m.weight.data[2] = 0
    return m(x)


layer("embedding", nn.Embedding(5, 3, padding_idx=2), torch.tensor([[2, 0, 1], [4, 2, 2]]), call=padded,
      num_embeddings=5, embedding_dim=3, padding_index=2)

# ---- images
layer("conv_transpose2d", nn.ConvTranspose2d(4, 6, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2), rounded(2, 4, 3, 4),
      filters=6, kernel=[3, 2], stride=[2, 3], padding=[1, 0], output_padding=[1, 2], groups=2)
layer("conv_transpose2d", nn.ConvTranspose2d(2, 3, 3, dilation=2, padding=2, bias=False), rounded(2, 2, 4, 4), filters=3, kernel=3, dilation=2,
      padding=2, bias=False)
layer("conv_transpose2d", nn.ConvTranspose2d(3, 1, 4, stride=2, padding=1), rounded(3, 3, 5, 2), filters=1, kernel=4, stride=2, padding=1)
for ceil in (False, True):
    layer("max_pool1d", nn.MaxPool1d(3, stride=2, padding=1, dilation=2, ceil_mode=ceil), rounded(2, 3, 12), kernel=3, stride=2, padding=1,
          dilation=2, ceil_mode=ceil)
    for include in (False, True):
        layer("avg_pool1d", nn.AvgPool1d(4, stride=3, padding=2, ceil_mode=ceil, count_include_pad=include), rounded(2, 2, 11), kernel=4,
              stride=3, padding=2, ceil_mode=ceil, count_include_pad=include)
for size in ((3, 4), (7, 5), (1, 1)):
    layer("adaptive_avg_pool2d", nn.AdaptiveAvgPool2d(size), rounded(2, 2, 7, 5), output=list(size))
layer("instance_norm", nn.InstanceNorm2d(3), rounded(2, 3, 4, 5))
layer("instance_norm", nn.InstanceNorm1d(2, affine=True, eps=0.1), rounded(3, 2, 9), affine=True, epsilon=0.1)
for training in (True, False):
    layer("instance_norm", nn.InstanceNorm2d(3, affine=True, track_running_stats=True, momentum=0.3), rounded(4, 3, 2, 5), training=training,
          affine=True, track_running_stats=True, momentum=0.3)
layer("local_response_norm", nn.LocalResponseNorm(4, alpha=0.5, beta=0.6, k=2.0), rounded(2, 7, 5), size=4, alpha=0.5, beta=0.6, k=2.0)
layer("local_response_norm", nn.LocalResponseNorm(9, alpha=0.5), rounded(2, 4, 3, 3), size=9, alpha=0.5)
layer("upsample", nn.Upsample(scale_factor=(3, 2), mode="bilinear"), rounded(2, 2, 3, 4), factor=[3, 2], mode="bilinear")
layer("upsample", nn.Upsample(scale_factor=(1, 3)), rounded(2, 2, 3, 4), factor=[1, 3])
layer("upsample", nn.Upsample(scale_factor=4, mode="bilinear"), rounded(2, 1, 1, 3), factor=4, mode="bilinear")

# ---- recurrent layers, both ways and one on top of the other
def recurrent(name, kind, sequences, both, layers, bias=True, **options):
    module = kind(3, 4, batch_first=True, bidirectional=both, num_layers=layers, bias=bias, **options)

    def call(m, x):
        out, h = m(x)
        h = h[0] if isinstance(h, tuple) else h
        return out if sequences else torch.cat(list(h[-2:] if both else h[-1:]), 1)

    layer(name, module, rounded(2, 5, 3), call=call, units=4, return_sequences=sequences, bidirectional=both, layers=layers, bias=bias,
          **options)


for name, kind in (("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)):
    recurrent(name, kind, True, True, 1)
    recurrent(name, kind, False, True, 2)
    recurrent(name, kind, True, False, 2)
recurrent("gru", nn.GRU, False, True, 1, bias=False)
recurrent("rnn", nn.RNN, False, False, 2, nonlinearity="relu")

# ---- borders
for mode in ("reflect", "replicate", "circular"):
    layer("pad", None, rounded(2, 2, 4, 5), call=lambda m, x: F.pad(x, (1, 2, 3, 0), mode=mode), size=[1, 2, 3, 0], mode=mode)
    layer("pad", None, rounded(2, 2, 5), call=lambda m, x: F.pad(x, (2, 4), mode=mode), size=[2, 4], mode=mode)
layer("pad", None, rounded(2, 1, 3, 2), call=lambda m, x: F.pad(x, (2, 2, 2, 2), value=0.5), size=2, value=0.5)

# ---- norms without a bias, and averages of all batches


def without_bias(module):
    module.bias = None
    return module


layer("batch_norm", without_bias(nn.BatchNorm2d(3)), rounded(4, 3, 2, 2), bias=False)
layer("group_norm", without_bias(nn.GroupNorm(2, 4)), rounded(3, 4, 5), num_groups=2, bias=False)


def cumulative(name, module, x, **options):
    """PyTorch counts from a whole number: here the averages are made by hand, after three batches."""
    layer(name, module, x, cumulative=True, **options)
    case = cases[-1]
    case["parameters_before"]["num_batches_tracked"] = [3.0]
    case["state_after"]["num_batches_tracked"] = [4.0]


cumulative("batch_norm", nn.BatchNorm1d(4, momentum=0.25), rounded(6, 4))
cumulative("instance_norm", nn.InstanceNorm2d(2, momentum=0.25, track_running_stats=True), rounded(3, 2, 3, 3), track_running_stats=True)

# ---- losses
def loss(name, f, prediction, target, **options):
    x = prediction.clone().requires_grad_()
    value = f(x, target)
    value.backward()
    cases.append({"name": name, "options": options, "prediction": digits(prediction), "target": digits(target), "loss": value.item(), "gradient": digits(x.grad)})


def pinball(quantiles, targets):
    def f(x, t):
        parts = [torch.maximum(q * (t - x[:, k * targets:(k + 1) * targets]), (q - 1) * (t - x[:, k * targets:(k + 1) * targets]))
                 for k, q in enumerate(quantiles)]
        return torch.cat(parts, 1).mean()

    return f


loss("quantile", pinball([0.3], 3), rounded(7, 3), rounded(7, 3), quantile=0.3)
loss("quantile", pinball([0.5, 0.1, 0.9], 2), rounded(7, 6), rounded(7, 2), quantile=[0.5, 0.1, 0.9])
loss("quantile", pinball([0.9, 0.5], 1), rounded(40, 2), rounded(40, 1), quantile=[0.9, 0.5])
for full in (False, True):
    loss("gaussian_nll", lambda x, t: F.gaussian_nll_loss(x[:, :20], t, x[:, 20:].exp(), full=full, eps=1e-30), rounded(5, 40),
         rounded(5, 20), full=full)
signs = torch.where(rounded(8, 3) > 0, 1.0, -1.0)
loss("soft_margin", F.soft_margin_loss, rounded(8, 3, scale=3.0), signs)
loss("soft_margin", F.soft_margin_loss, torch.tensor([[100.0, -100.0, 30.0]]), torch.tensor([[1.0, 1.0, -1.0]]))
classes = torch.tensor([0, 3, 1, 2, 3, 0])
for p in (1, 2):
    loss("multi_margin", lambda x, t: F.multi_margin_loss(x, t, p=p, margin=0.5), rounded(6, 4), classes, p=p, margin=0.5)
weights = torch.tensor([0.5, 2.0, 1.0, 0.25])
loss("multi_margin", lambda x, t: F.multi_margin_loss(x, t, p=2, weight=weights), rounded(6, 4), classes, p=2, class_weights=weights.tolist())
unknown = torch.tensor([-1, 3, 1, -1, 3, 0])
loss("cross_entropy", lambda x, t: F.cross_entropy(x, t, weight=weights, ignore_index=-1, label_smoothing=0.2), rounded(6, 4), unknown,
     class_weights=weights.tolist(), label_smoothing=0.2)
loss("nll", lambda x, t: F.nll_loss(x, t, weight=weights, ignore_index=-1), rounded(6, 4), unknown, class_weights=weights.tolist())

shares = torch.softmax(rounded(5, 4, scale=2.0), 1).float().double()
loss("soft_cross_entropy", lambda x, t: F.cross_entropy(x, t), rounded(5, 4, scale=3.0), shares)
loss("soft_cross_entropy", lambda x, t: F.cross_entropy(x, t), rounded(5, 20, scale=3.0), F.one_hot(torch.tensor([3, 19, 0, 7, 7]), 20).double())

# ---- optimizers
def walk(name, make, theta0, steps=12, before=None, after=None, **options):
    """theta after each step of gradients drawn here."""
    p = nn.Parameter(theta0.clone())
    optimizer = make([p])
    gradients, theta = [], []
    for _ in range(steps):
        p.grad = rounded(*theta0.shape)
        gradients.append(digits(p.grad))
        if before:
            before(optimizer, p)
        optimizer.step()
        if after:
            after(optimizer, p)
        theta.append(digits(p.data))
    cases.append({"name": name, "options": options, "theta0": digits(theta0), "gradients": gradients, "theta": theta})


def orthogonal(grad, rounds):
    """PyTorch's Newton-Schulz iteration, in float64 in place of bfloat16."""
    x = grad.T if grad.shape[0] > grad.shape[1] else grad
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(rounds):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if grad.shape[0] > grad.shape[1] else x


class Muon:
    def __init__(self, p, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True, ns_steps=5, adjust="original"):
        self.p, self.o = p[0], locals()
        self.m = torch.zeros_like(self.p)

    def step(self):
        o, g = self.o, self.p.grad
        self.m.lerp_(g, 1 - o["momentum"])
        u = orthogonal(g.lerp(self.m, o["momentum"]) if o["nesterov"] else self.m, o["ns_steps"])
        a, b = self.p.shape
        by = {"original": max(1, a / b) ** 0.5, "match_rms_adamw": 0.2 * max(a, b) ** 0.5, "spectral_unclamped": (a / b) ** 0.5}[o["adjust"]]
        self.p.data = self.p.data * (1 - o["lr"] * o["weight_decay"]) - o["lr"] * by * u


walk("muon", lambda p: Muon(p, lr=0.02), rounded(4, 3), lr=0.02)
walk("muon", lambda p: Muon(p, lr=0.1, momentum=0.5, nesterov=False, ns_steps=3, weight_decay=0.0), rounded(3, 7), lr=0.1, momentum=0.5,
     nesterov=False, ns_steps=3, weight_decay=0.0)
for adjust in ("match_rms_adamw", "spectral_unclamped"):
    walk("muon", lambda p: Muon(p, lr=0.02, adjust=adjust), rounded(5, 2), lr=0.02, adjust_lr=adjust)
walk("muon", lambda p: torch.optim.AdamW(p, lr=0.02, betas=(0.8, 0.95), weight_decay=0.1), rounded(6), adamw_factor=20.0, adamw_beta1=0.8,
     adamw_beta2=0.95, adamw_weight_decay=0.1)
walk("adafactor", lambda p: torch.optim.Adafactor(p, lr=0.1, beta2_decay=-0.5, d=2.0, weight_decay=0.1), rounded(6, 20), lr=0.1,
     beta2_decay=-0.5, d=2.0, weight_decay=0.1)
walk("adafactor", lambda p: torch.optim.Adafactor(p, lr=0.3, maximize=True), rounded(2, 3, 4), lr=0.3, maximize=True)
walk("adafactor", lambda p: torch.optim.Adafactor(p), rounded(9))
walk("asgd", lambda p: torch.optim.ASGD(p, lr=0.1, lambd=0.05, alpha=0.5, t0=4, weight_decay=0.1), rounded(8), lr=0.1, alpha=0.5, t0=4,
     weight_decay=0.1, **{"lambda": 0.05})
walk("asgd", lambda p: torch.optim.ASGD(p, lr=0.1, t0=4), rounded(8), lr=0.1, t0=4, average=True,
     before=lambda o, p: p.data.copy_(o.w) if hasattr(o, "w") else None,
     after=lambda o, p: (setattr(o, "w", p.data.clone()), p.data.copy_(o.state[p]["ax"])))


class ScheduleFree:
    """Defazio et al. 2024, algorithm 1 with adam's step, in its own words: x, y and z."""

    def __init__(self, p, lr=2.5e-3, beta1=0.9, beta2=0.999, weight_decay=0.0, warmup=0, r=0.0, power=2.0):
        self.p, self.o, self.t, self.sum, self.largest = p[0], locals(), 0, 0.0, 0.0
        self.z, self.x, self.v = self.p.data.clone(), self.p.data.clone(), torch.zeros_like(self.p)

    def step(self):
        o, g = self.o, self.p.grad
        self.t += 1
        lr = o["lr"] * min(1.0, self.t / o["warmup"] if o["warmup"] else 1.0)
        y = (1 - o["beta1"]) * self.z + o["beta1"] * self.x
        self.v = o["beta2"] * self.v + (1 - o["beta2"]) * g * g
        self.z = self.z - lr * (g / ((self.v / (1 - o["beta2"] ** self.t)).sqrt() + 1e-8) + o["weight_decay"] * y)
        self.largest = max(lr, self.largest)
        weight = self.t ** o["r"] * self.largest ** o["power"]
        self.sum += weight
        self.x = self.x + weight / self.sum * (self.z - self.x)
        self.p.data = self.x.clone()


walk("schedule_free", ScheduleFree, rounded(7))
walk("schedule_free", lambda p: ScheduleFree(p, lr=0.05, beta1=0.8, beta2=0.9, weight_decay=0.2, warmup=5, r=1.0), rounded(7), lr=0.05,
     beta1=0.8, beta2=0.9, weight_decay=0.2, warmup_steps=5, r=1.0)


class Lookahead:
    def __init__(self, p, k, alpha, **options):
        self.inner, self.p, self.k, self.alpha, self.t = torch.optim.AdamW(p, **options), p[0], k, alpha, 0
        self.slow = self.p.data.clone()

    def step(self):
        self.inner.step()
        self.t += 1
        if self.t % self.k == 0:
            self.slow += self.alpha * (self.p.data - self.slow)
            self.p.data.copy_(self.slow)


walk("lookahead", lambda p: Lookahead(p, 5, 0.5, lr=0.05), rounded(7), lr=0.05)
walk("lookahead", lambda p: Lookahead(p, 3, 0.8, lr=0.1, weight_decay=0.2), rounded(7), lr=0.1, k=3, alpha=0.8, weight_decay=0.2)


# ---- schedules
def rates(name, f, **options):
    cases.append({"name": name, "options": options, "base_lr": 0.1, "advances_every": "step", "lr": f})


def cyclic(steps=40, **options):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = torch.optim.lr_scheduler.CyclicLR(optimizer, cycle_momentum=False, **options)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return out


rates("cyclic", cyclic(base_lr=0.001, max_lr=0.1, step_size_up=7), minimum=0.001, up=7)
rates("cyclic", cyclic(base_lr=0.01, max_lr=0.5, step_size_up=3, step_size_down=8, mode="triangular2"), minimum=0.01, maximum=0.5, up=3,
      down=8, mode="triangular2")
rates("cyclic", cyclic(base_lr=0.01, max_lr=0.5, step_size_up=5, mode="exp_range", gamma=0.97), minimum=0.01, maximum=0.5, up=5,
      mode="exp_range", gamma=0.97)
rates("inverse_sqrt", [0.1 * min((k + 1) / 9, (9 / (k + 1)) ** 0.5) for k in range(40)], warmup=9)

# ---- a GRU whose reset acts before the product, as ONNX's with linear_before_reset 0
def gru_before(m, x, sequences=True):
    h, n, out = torch.zeros(len(x), m.hidden_size), m.hidden_size, []
    for t in range(x.shape[1]):
        a, w = x[:, t] @ m.weight_ih_l0.T, m.weight_hh_l0
        if m.bias:
            a = a + m.bias_ih_l0
        b = m.bias_hh_l0 if m.bias else torch.zeros(3 * n)
        gates = torch.sigmoid(a[:, :2 * n] + h @ w[:2 * n].T + b[:2 * n])
        r, z = gates[:, :n], gates[:, n:]
        h = (1 - z) * torch.tanh(a[:, 2 * n:] + (r * h) @ w[2 * n:].T + b[2 * n:]) + z * h
        out.append(h)
    return torch.stack(out, 1) if sequences else h


layer("gru", nn.GRU(4, 5), rounded(3, 6, 4), call=gru_before, units=5, reset="before", return_sequences=True)
layer("gru", nn.GRU(2, 3, bias=False), rounded(4, 1, 2), call=lambda m, x: gru_before(m, x, False), units=3, reset="before", bias=False)
layer("gru", nn.GRU(3, 17), rounded(2, 5, 3), call=lambda m, x: gru_before(m, x, False), units=17, reset="before")

# ---- softmax along other dimensions
layer("softmax_over", None, rounded(3, 5, 4), call=lambda m, x: x.softmax(1), axis=0)
layer("softmax_over", None, rounded(2, 3, 4, 5), call=lambda m, x: x.softmax(2), axis=1)
layer("softmax_over", None, rounded(2, 3, 4, 5), call=lambda m, x: x.log_softmax(1), axis=-3, log=True)
layer("softmax_over", None, rounded(4, 7, scale=3.0), call=lambda m, x: x.softmax(-1), axis=-1)


# ---- a column as nn.Embedding's number, -1 for none of its words
def embed_column(at):
    def call(m, x):
        i = x[:, at].detach().long()
        v = m(i.clamp(min=0)) * (i >= 0).unsqueeze(1)
        return torch.cat([x[:, :at], x[:, at + 1:], v], 1)
    return call


for at, words in ((2, [3, 0, 3, 1, -1]), (0, [0, 0, 5])):
    x = rounded(len(words), 4)
    x[:, at] = torch.tensor(words)
    layer("embed_column", nn.Embedding(6, 3), x, call=embed_column(at), column=at, num_embeddings=6, embedding_dim=3)

# ---- losses with a weight for each output
weights = torch.tensor([0.25, 0.0, 3.0, 1.5])
yes = (rounded(5, 4) > 0).double()
for name, f in (("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)):
    loss(name, lambda x, t, f=f: f(x, t, weight=weights.expand_as(x)), rounded(5, 4), rounded(5, 4), weight=weights.tolist())
loss("bce", lambda x, t: F.binary_cross_entropy(x, t, weight=weights), torch.sigmoid(rounded(5, 4)).float().double(), yes,
     weight=weights.tolist())
loss("bce_with_logits", lambda x, t: F.binary_cross_entropy_with_logits(x, t, weight=weights), rounded(5, 4), yes, weight=weights.tolist())
positive = torch.tensor([2.0, 0.5, 1.0, 4.0])
loss("bce_with_logits", lambda x, t: F.binary_cross_entropy_with_logits(x, t, weight=weights, pos_weight=positive), rounded(5, 4), yes,
     weight=weights.tolist(), pos_weight=positive.tolist())

# ---- end
with open(f"{sys.argv[1]}/catalogue.json", "w") as f:
    f.write('{"source": ' + json.dumps(SOURCE) + ', "about": "as the other files", "cases": [\n')
    f.write(",\n".join(json.dumps(c) for c in cases) + "\n]}\n")
