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

# ---- end
with open(f"{sys.argv[1]}/catalogue.json", "w") as f:
    f.write('{"source": ' + json.dumps(SOURCE) + ', "about": "as the other files", "cases": [\n')
    f.write(",\n".join(json.dumps(c) for c in cases) + "\n]}\n")
