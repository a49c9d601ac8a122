#!/usr/bin/env python3
"""probe_nets.py - makes probe_nets.json: quantities as in probes.json, of a convolution with batch normalisation, a block
of attention, recurrent nets over an embedding, and of nets where there is little to see, by autograd in float64.
Attention has no bias here: that of the keys has no gradient but what rounding leaves. Run where PyTorch is installed (2.15.0 made what is stored):
    python3 tests/reference/more/probe_nets.py >tests/reference/more/probe_nets.json"""
import json

import torch
from torch import nn
from torch.func import functional_call

F = nn.functional
torch.set_default_dtype(torch.float64)
torch.manual_seed(7)


def single(t):
    return t.float().double()


class Net(nn.Module):
    """Entries by name; one that is several functions of earlier outputs says of which."""

    def __init__(self, entries):
        super().__init__()
        self.order = [(name, source) for name, _, source in entries]
        self.functions = {name: f for name, f, _ in entries if not isinstance(f, nn.Module)}
        for name, f, _ in entries:
            if isinstance(f, nn.Module):
                self.add_module(name, f)

    def forward(self, x, outputs=None):
        kept = {}
        for name, source in self.order:
            f = self.functions.get(name) or getattr(self, name)
            y = f(*[kept[s] for s in source]) if source else f(x)
            if isinstance(y, tuple):  # attention gives its weights too, recurrent layers their states
                y = y[0] if isinstance(f, Attention) else y[0][:, -1]
            kept[name] = x = y
        if outputs is not None:
            outputs.update(kept)
        return x


class Attention(nn.MultiheadAttention):
    def forward(self, x):
        return super().forward(x, x, x)


def number(t):
    v = float(t)
    return v if v - v == 0 else None


def activations(outputs):
    result = {}
    for name, y in outputs.items():
        y = y.detach().flatten(1)
        s = torch.linalg.svdvals(y - y.mean(0))
        s = torch.where(s > 1e-12 * max(1.0, float(y.abs().max())), s, 0 * s)
        p = s[s > 0] / s.sum()
        result[name] = {
            "mean": number(y.mean()), "sd": number(y.std(correction=0)),
            "zero_share": number((y == 0).double().mean()), "dead_units": number((y <= 0).all(0).double().mean()),
            "effective_rank": number(torch.exp(-(p * p.log()).sum())) if len(p) else 0.0,
            "participation_ratio": number((s**2).sum() ** 2 / (s**4).sum()) if len(p) else 0.0}
    return result


def noise(each, losses, lr, out):
    """each [n, parameters]: rows' gradients."""
    n = len(each)
    m = each.mean(0)
    square = (m**2).sum()
    if n > 1:
        v = each.var(0)
        along = each @ m
        rest = each - (along / square)[:, None] * m
        some = v > 0
        out.update(
            gradient_variance_trace=number(v.sum()), noise_scale_simple=number(v.sum() / square),
            gsnr_mean=number((m[some] ** 2 / v[some]).mean()),
            gradient_diversity=number((each**2).sum() / ((each.sum(0)) ** 2).sum()),
            norm_test=number(((each - m) ** 2).sum() / (n * (n - 1)) / square),
            inner_product_test=number(((along - square) ** 2).sum() / (n * (n - 1)) / square**2),
            orthogonality_test=number((rest**2).sum() / (n * (n - 1)) / square), cabs_batch=number(lr * v.sum() / losses.mean()))
    out["gradient_norm"] = number(square.sqrt())


def case(name, model, entries, loss, loss_name, x, target, top=2, change=None):
    net = Net(entries).eval()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(single(p))
        if change:
            change(net)
    params = {k: p.detach().clone() for k, p in net.named_parameters()}
    sizes = [p.numel() for p in params.values()]
    flat = torch.cat([p.flatten() for p in params.values()])

    def split(w):
        return {k: part.view(p.shape) for (k, p), part in zip(params.items(), w.split(sizes))}

    def mean_loss(w, rows=slice(None)):
        return loss(functional_call(net, split(w), (x[rows],)), target[rows])

    outputs = {}
    with torch.no_grad():
        net(x, outputs)
    losses = torch.stack([mean_loss(flat, slice(i, i + 1)) for i in range(len(x))]).detach()
    each = torch.stack([torch.func.grad(lambda w, i=i: mean_loss(w, slice(i, i + 1)))(flat) for i in range(len(x))])
    gradient = split(each.mean(0))
    values = torch.linalg.eigvalsh(torch.autograd.functional.hessian(mean_loss, flat)).flip(0)
    out = {"loss": number(mean_loss(flat)), "gradient": {k: g.tolist() for k, g in gradient.items()},
           "hessian_top": values[:top].tolist(), "hessian_bottom": number(values[-1]), "hessian_trace": number(values.sum())}
    noise(each, losses, 0.1, out)
    out["parameters"] = {k: {
        "grad_norm": number(gradient[k].norm()), "weight_mean": number(p.mean()), "weight_sd": number(p.std(correction=0)),
        "weight_max_abs": number(p.abs().max()),
        "spectral_norm": number(torch.linalg.matrix_norm(p.flatten(1), 2)) if p.dim() > 1 else None} for k, p in params.items()}
    out["activations"] = activations(outputs)
    out["row_loss"] = losses.tolist()
    if target.dtype == torch.long:
        z = list(outputs.values())[-1]
        right = z.gather(1, target[:, None])[:, 0]
        out["el2n"] = (z.softmax(1) - F.one_hot(target, z.shape[1])).norm(dim=1).tolist()
        out["margin"] = (right - z.scatter(1, target[:, None], -torch.inf).max(1).values).tolist()
    return {"name": name, "model": model, "loss": loss_name, "x": x.tolist(), "target": target.tolist(),
            "parameters": {k: p.tolist() for k, p in params.items()}, "lr": 0.1, "expected": out}


def zeros(net):
    for p in net.parameters():
        p.zero_()


def dead(net):
    net.h.bias.fill_(-10.0)


def rows(*shape):
    return single(torch.randn(*shape))


def words(*shape):
    return torch.randint(0, 5, shape)


classes = torch.arange(12) % 3
cases = [
    case("convolution, batch norm", ["conv2d: {filters: 3, kernel: 3, name: c}", "batch_norm: {name: b}", "tanh: {name: a}", "flatten: {name: f}", "dense: {units: 3, name: o}"],
         [("c", nn.Conv2d(2, 3, 3), []), ("b", nn.BatchNorm2d(3), []), ("a", torch.tanh, []), ("f", nn.Flatten(), []), ("o", nn.Linear(12, 3), [])],
         F.cross_entropy, "cross_entropy", rows(12, 2, 4, 4), classes),
    case("attention", ["layer_norm: {name: n}", "attention: {heads: 2, bias: false, name: t}", "add: {name: s, from: [n, t]}", "gelu: {name: g}", "flatten: {name: f}", "dense: {units: 3, name: o}"],
         [("n", nn.LayerNorm(4), []), ("t", Attention(4, 2, bias=False, batch_first=True), []), ("s", torch.add, ["n", "t"]), ("g", F.gelu, []), ("f", nn.Flatten(), []),
          ("o", nn.Linear(12, 3), [])],
         F.cross_entropy, "cross_entropy", rows(12, 3, 4), classes),
    case("gru over an embedding", ["embedding: {num_embeddings: 5, embedding_dim: 3, name: e}", "gru: {units: 3, name: r}", "dense: {units: 1, name: o}"],
         [("e", nn.Embedding(5, 3), []), ("r", nn.GRU(3, 3, batch_first=True), []), ("o", nn.Linear(3, 1), [])],
         F.huber_loss, "huber", words(10, 4), rows(10, 1)),
    case("lstm over an embedding", ["embedding: {num_embeddings: 5, embedding_dim: 2, name: e}", "lstm: {units: 2, name: r}", "dense: {units: 1, name: o}"],
         [("e", nn.Embedding(5, 2), []), ("r", nn.LSTM(2, 2, batch_first=True), []), ("o", nn.Linear(2, 1), [])],
         F.binary_cross_entropy_with_logits, "bce_with_logits", words(10, 4), (torch.arange(10) % 2)[:, None].double()),
    case("one row, one output", ["dense: {units: 3, name: h}", "tanh: {name: a}", "dense: {units: 1, name: o}"],
         [("h", nn.Linear(2, 3), []), ("a", torch.tanh, []), ("o", nn.Linear(3, 1), [])], F.mse_loss, "mse", rows(1, 2), rows(1, 1), 1),
    case("all weights zero", ["dense: {units: 3, name: h}", "tanh: {name: a}", "dense: {units: 3, name: o}"],
         [("h", nn.Linear(2, 3), []), ("a", torch.tanh, []), ("o", nn.Linear(3, 3), [])], F.cross_entropy, "cross_entropy", rows(12, 2), classes.clamp(max=1) * 2, 1, zeros),
    case("a dead layer", ["dense: {units: 3, name: h}", "relu: {name: a}", "dense: {units: 2, name: o}"],
         [("h", nn.Linear(2, 3), []), ("a", torch.relu, []), ("o", nn.Linear(3, 2), [])], F.mse_loss, "mse", rows(6, 2), rows(6, 2), 1, dead),
]
print(json.dumps({"source": "PyTorch %s, float64, tests/reference/more/probe_nets.py" % torch.__version__.split("+")[0], "cases": cases}))
