#!/usr/bin/env python3
"""probe_looks.py - makes probe_looks.json: what probes say at the last of three looks at a net whose weights
moved, in float64, by formulas written out here and not shared with any probe. Run where numpy is installed
(2.4.6 made what is stored):
    python3 tests/reference/more/probe_looks.py >tests/reference/more/probe_looks.json
The net, its rows and its first weights are those of the first case of probes.json, which lies beside it."""
import json
import os

import numpy as np

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "probes.json")) as file:
    first = json.load(file)["cases"][0]
x = np.array(first["x"])
y = np.array(first["target"])
n, lr = len(x), first["lr"]
names = list(first["parameters"])
one_hot = np.eye(3)[y]


def forward(w):
    h = x @ w["h.weight"].T + w["h.bias"]
    a = np.tanh(h)
    z = a @ w["o.weight"].T + w["o.bias"]
    p = np.exp(z - z.max(1, keepdims=True))
    return h, a, z, p / p.sum(1, keepdims=True)


def row_losses(w):
    return -np.log(forward(w)[3][np.arange(n), y])


def row_gradients(w):
    """Of each row's own loss, and the slopes at the outputs of h, a, o."""
    _, a, _, p = forward(w)
    dz = p - one_hot
    da = dz @ w["o.weight"]
    dh = da * (1 - a**2)
    g = {"h.weight": dh[:, :, None] * x[:, None, :], "h.bias": dh, "o.weight": dz[:, :, None] * a[:, None, :], "o.bias": dz}
    return g, {"h": dh, "a": da, "o": dz}


def mean_gradient(w):
    return {k: v.mean(0) for k, v in row_gradients(w)[0].items()}


def flat(w):
    return np.concatenate([np.ravel(w[k]) for k in names])


def moved(w, by):
    """As floats, which is what the net has."""
    return {k: (w[k] + by[k]).astype(np.float32).astype(np.float64) for k in names}


def cosine(a, b):
    return float(np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b)))


def norm(a):
    return float(np.sqrt(np.sum(np.square(a))))


random = np.random.default_rng(3)
noise = [{k: 0.15 * random.normal(size=np.shape(v)) for k, v in first["parameters"].items()} for _ in range(2)]
w0 = {k: np.array(v) for k, v in first["parameters"].items()}
w1 = moved(w0, {k: -1.5 * v + noise[0][k] for k, v in mean_gradient(w0).items()})
w2 = moved(w1, {k: -2.0 * v + noise[1][k] for k, v in mean_gradient(w1).items()})
h, a, z, p = forward(w2)
g1, g2 = mean_gradient(w1), mean_gradient(w2)
u1, u2 = {k: w1[k] - w0[k] for k in names}, {k: w2[k] - w1[k] for k in names}
rows, slopes = row_gradients(w2)
losses = row_losses(w2)
loss = losses.mean()


def updates():
    out = {"update_norm": {}, "update_ratio": {}, "update_cosine": {}, "gradient_cosine": {}}
    for k in names:
        out["update_norm"][k] = norm(u2[k])
        out["update_ratio"][k] = norm(u2[k]) / norm(w1[k])
        out["update_cosine"][k] = cosine(u2[k], u1[k])
        out["gradient_cosine"][k] = cosine(u2[k], -g1[k])
    out["all_update_norm"] = norm(flat(u2))
    out["all_update_ratio"] = norm(flat(u2)) / norm(flat(w1))
    out["all_update_cosine"] = cosine(flat(u2), flat(u1))
    out["all_gradient_cosine"] = cosine(flat(u2), -flat(g1))
    # f(t) = c + b t + q t^2 by least squares through values and slopes at 0 and 1
    f = [row_losses(w1).mean(), loss, flat(g1) @ flat(u2), flat(g2) @ flat(u2)]
    c, b, q = np.linalg.lstsq(np.array([[1, 0, 0], [1, 1, 1], [0, 1, 0], [0, 1, 2]]), np.array(f), rcond=None)[0]
    assert q > 0 and b < 0
    out["alpha"] = 1 / (-b / (2 * q)) - 1
    return out


def path():
    way, step = flat(w2) - flat(w0), flat(u2)
    length = norm(flat(u1)) + norm(step)
    return {"loss": loss, "weight_norm": norm(flat(w2)), "distance": norm(way), "length": length,
            "straightness": norm(way) / length, "cosine": cosine(flat(w2), flat(w0)), "step_cosine": cosine(way, step)}


def weights():
    return {"mean": {k: w2[k].mean() for k in names}, "sd": {k: w2[k].std() for k in names},
            "l1": {k: np.abs(w2[k]).sum() for k in names}, "max_abs": {k: np.abs(w2[k]).max() for k in names},
            "distance": {k: norm(w2[k] - w0[k]) for k in names}, "cosine": {k: cosine(w2[k], w0[k]) for k in names},
            "spectral_norm": {k: np.linalg.norm(w2[k], 2) if w2[k].ndim == 2 else None for k in names}}


def collapse():
    means = np.stack([a[y == k].mean(0) for k in range(3)])
    centred = means - means.mean(0)
    within = sum(np.outer(a[i] - means[y[i]], a[i] - means[y[i]]) for i in range(n)) / n
    between = centred.T @ centred / 3
    sizes = np.linalg.norm(centred, axis=1)
    angles = np.array([cosine(centred[i], centred[j]) for i in range(3) for j in range(i + 1, 3)])
    nearest = np.argmin(((a[:, None, :] - means[None]) ** 2).sum(2), axis=1)
    return {"nc1": np.trace(within @ np.linalg.pinv(between, rcond=1e-9)) / 3, "nc2_norms": sizes.std() / sizes.mean(),
            "nc2_angles": angles.std(), "nc2_max_angle": np.abs(angles + 1 / 2).mean(),
            "nc3": norm(w2["o.weight"] / norm(w2["o.weight"]) - centred / norm(centred)),
            "nc4": float(np.mean(nearest != z.argmax(1)))}


def cka(a, b):
    a, b = a - a.mean(0), b - b.mean(0)
    return float(np.sum((a.T @ b) ** 2) / np.sqrt(np.sum((a.T @ a) ** 2) * np.sum((b.T @ b) ** 2)))


def similarity():
    here, there = dict(zip("hao", (h, a, z))), dict(zip("hao", forward(w0)[:3]))
    return {"to_first": {k: cka(here[k], there[k]) for k in here},
            "between": {k: [cka(here[k], here[j]) for j in here] for k in here}}


def landscape():
    t = [-1.5, -0.75, 0.0, 0.75, 1.5]
    return {"x": t, "loss": [row_losses({k: w2[k] + s * (w2[k] - w0[k]) for k in names}).mean() for s in t]}


def samples():
    right = [forward(w)[2].argmax(1) == y for w in (w0, w1, w2)]
    forgotten = sum((right[i] & ~right[i + 1]).astype(int) for i in range(2))
    sizes = np.sqrt(sum((v**2).reshape(n, -1).sum(1) for v in rows.values()))
    margin = np.array([z[i, y[i]] - np.delete(z[i], y[i]).max() for i in range(n)])
    el2n = np.linalg.norm(p - one_hot, axis=1)
    return {"loss": list(losses), "correct": list(map(int, right[2])), "margin": list(margin), "el2n": list(el2n),
            "gradient_norm": list(sizes), "forgotten": list(map(int, forgotten)), "mean_loss": loss,
            "accuracy": right[2].mean(), "mean_margin": margin.mean(), "mean_el2n": el2n.mean(),
            "mean_gradient_norm": sizes.mean(), "mean_forgotten": forgotten.mean(),
            "never_forgotten": float(np.mean((right[0] | right[1] | right[2]) & (forgotten == 0)))}


def activations():
    entries = dict(zip("hao", (h, a, z)))
    return {"mean": {k: v.mean() for k, v in entries.items()}, "sd": {k: v.std() for k, v in entries.items()},
            "min": {k: v.min() for k, v in entries.items()}, "max": {k: v.max() for k, v in entries.items()},
            "saturated": {"h": None, "a": float(np.mean(np.abs(a) >= 0.5)), "o": None}}


def gradients():
    edges = [-np.inf, -0.05, 0, 0.05, np.inf]
    return {"histogram": {k: [float(np.mean((v >= i) & (v < j))) for i, j in zip(edges, edges[1:])] for k, v in g2.items()},
            "norm": {k: norm(v) for k, v in g2.items()}, "max_abs": {k: np.abs(v).max() for k, v in g2.items()},
            "output_norm": {k: norm(v) / n for k, v in slopes.items()}}


def gradient_noise():
    trace = {k: v.var(0, ddof=1).sum() for k, v in rows.items()}
    ratio = np.concatenate([np.ravel(g2[k] ** 2 / rows[k].var(0, ddof=1)) for k in names])
    return {"tensor_gradient_norm": {k: norm(g2[k]) for k in names}, "tensor_variance_trace": trace,
            "tensor_noise_scale": {k: trace[k] / norm(g2[k]) ** 2 for k in names},
            "tensor_gsnr": {k: np.mean(g2[k] ** 2 / rows[k].var(0, ddof=1)) for k in names},
            "early_stopping_evidence": 1 - n * ratio.mean()}


def sharpness():
    size = norm(flat(g2))
    return {"sam": row_losses({k: w2[k] + 0.05 * g2[k] / size for k in names}).mean() - loss}


def number(v):
    if isinstance(v, dict):
        return {k: number(x) for k, x in v.items()}
    if isinstance(v, list):
        return [number(x) for x in v]
    return v if v is None or isinstance(v, int) else float(v)


settings = {"landscape": {"along": "first", "points": 5, "span": 1.5}, "activations": {"margin": 0.25},
            "gradients": {"bins": 4, "limit": 0.1}}
records = {f.__name__: {"options": settings.get(f.__name__, {}), "numbers": number(f())} for f in
           (activations, weights, gradients, updates, samples, collapse, similarity, landscape, path, gradient_noise, sharpness)}
case = {k: first[k] for k in ("model", "loss", "x", "target", "parameters", "lr")}
case |= {"name": "three looks", "then": [{k: v.tolist() for k, v in w.items()} for w in (w1, w2)], "records": records}
print(json.dumps({"source": f"numpy {np.__version__}, float64, tests/reference/more/probe_looks.py", "cases": [case]}))
