#!/usr/bin/env python3
"""line_search.py - makes trajectories/iris-wolfe.json: PyTorch's LBFGS with line_search_fn='strong_wolfe', max_iter 1 and
max_eval 26 on a net of iris, at rates from too large to too small, from the weights of iris-adam. Run where torch and safetensors are installed (2.15 made
what is stored):
    python3 tests/reference/line_search.py tests/reference/trajectories"""
import csv
import json
import sys

import torch
from safetensors.torch import load_file

torch.set_default_dtype(torch.float64)
folder = sys.argv[1] + "/"
rows = list(csv.reader(open(folder + "iris.csv")))[1:]
x = torch.tensor([[float(v) for v in r[:-1]] for r in rows])
x = (x - x.mean(0)) / x.std(0, correction=0)
names = sorted({r[-1] for r in rows})
y = torch.tensor([names.index(r[-1]) for r in rows])
w = {k: torch.nn.Parameter(v.double()) for k, v in load_file(folder + "iris-adam.safetensors").items()}
order = ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]
optimizer = torch.optim.LBFGS([w[k] for k in order], lr=20, history_size=3, max_iter=1, max_eval=26, line_search_fn="strong_wolfe")
asked = 0


def logits():
    return torch.tanh(x @ w["hidden.weight"].T + w["hidden.bias"]) @ w["output.weight"].T + w["output.bias"]


def closure():
    global asked
    asked += 1
    optimizer.zero_grad()
    value = torch.nn.functional.cross_entropy(logits(), y)
    value.backward()
    return value


epochs = []
for epoch in range(1, 10):
    lr = optimizer.param_groups[0]["lr"] = 20 * 0.5 ** (epoch - 1)
    before, first = asked, closure().item()
    norms = {k: w[k].grad.norm().item() for k in order}
    norm = torch.cat([w[k].grad.flatten() for k in order]).norm().item()
    optimizer.step(closure)
    with torch.no_grad():
        out = logits()
        after, right = torch.nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).double().mean().item()
    epochs.append({"epoch": epoch, "lr": lr, "train_loss": first, "loss_after_epoch": after, "accuracy_after_epoch": right,
                   "grad_norm_mean": norm, "grad_norm_max": norm, "evaluations": asked - before - 2,
                   "parameters": {k: {"grad_norm_mean": norms[k], "grad_norm_max": norms[k],
                                      "weight_norm": w[k].detach().norm().item()} for k in order}})
with open(folder + "iris-wolfe.json", "w") as f:
    json.dump({"source": f"PyTorch {torch.__version__.split('+')[0]}, float64, made by line_search.py",
               "about": "as the other trajectories", "epochs": epochs}, f, indent=1)
    f.write("\n")
