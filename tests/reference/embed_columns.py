#!/usr/bin/env python3
"""embed_columns.py - makes trajectories/embed-columns.{csv,safetensors,json}: a small table, first weights, and how
PyTorch trains nn.Embedding of two columns, concatenated with the prepared numbers, and two nn.Linear. Run where torch
and safetensors are installed (2.15 made what is stored):
    python3 tests/reference/embed_columns.py tests/reference/trajectories
Sums are float64."""
import csv
import json
import random
import statistics
import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
random.seed(5)
folder = sys.argv[1] + "/"
cities = ["Bern", "Oslo", "Riga", "Rome", "São Paulo", "Wien", "Łódź"]
rows = [[random.choice(cities), random.choice(["flat", "house"]), random.randint(1, 6), round(random.uniform(20, 90), 1)]
        for _ in range(50)]
for r in rows:
    r.append(round(0.4 * cities.index(r[0]) + 0.3 * r[2] + 0.02 * r[3] + (r[1] == "house") + random.gauss(0, 0.1), 3))
rows[4][3] = rows[11][0] = rows[30][0] = ""
with open(folder + "embed-columns.csv", "w", newline="") as f:
    csv.writer(f, lineterminator="\n").writerows([["city", "kind", "rooms", "size", "price"]] + rows)

words = sorted({r[0] for r in rows} - {""}, key=str.encode)
kinds = sorted({r[1] for r in rows})
median = statistics.median(r[3] for r in rows if r[3] != "")
numbers = torch.tensor([[r[2], median if r[3] == "" else r[3]] for r in rows])
numbers = (numbers - numbers.mean(0)) / numbers.std(0, correction=0)
city = torch.tensor([words.index(r[0]) if r[0] else len(words) for r in rows])
kind = torch.tensor([kinds.index(r[1]) for r in rows])
price = torch.tensor([[r[4]] for r in rows])

# The column `kind` is named first in the spec, so its vector stands first.
net = nn.ModuleDict({"embed_kind": nn.Embedding(2, 2), "embed_city": nn.Embedding(len(words) + 1, 3),
                     "dense1": nn.Linear(7, 6), "dense2": nn.Linear(6, 1)})
for p in net.parameters():
    p.data = p.data.float().double()
save_file({k: v.float() for k, v in net.state_dict().items()}, folder + "embed-columns.safetensors")


def loss(i):
    x = torch.cat([numbers[i], net["embed_kind"](kind[i]), net["embed_city"](city[i])], 1)
    return nn.functional.mse_loss(net["dense2"](torch.tanh(net["dense1"](x))), price[i])


optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
epochs = []
for epoch in range(1, 7):
    total, norms, each = 0.0, [], {k: [] for k, _ in net.named_parameters()}
    for part in torch.arange(50).split(16):
        optimizer.zero_grad()
        value = loss(part)
        value.backward()
        total += value.item() * len(part)
        for k, p in net.named_parameters():
            each[k].append(p.grad.norm().item())
        norms.append(torch.cat([p.grad.flatten() for p in net.parameters()]).norm().item())
        optimizer.step()
    with torch.no_grad():
        after = loss(torch.arange(50)).item()
    epochs.append({"epoch": epoch, "lr": 0.02, "train_loss": total / 50, "loss_after_epoch": after,
                   "grad_norm_mean": statistics.mean(norms), "grad_norm_max": max(norms),
                   "parameters": {k: {"grad_norm_mean": statistics.mean(each[k]), "grad_norm_max": max(each[k]),
                                      "weight_norm": p.detach().norm().item()} for k, p in net.named_parameters()}})
with open(folder + "embed-columns.json", "w") as f:
    json.dump({"source": f"PyTorch {torch.__version__.split('+')[0]}, float64, made by embed_columns.py",
               "about": "as the other trajectories", "epochs": epochs}, f, indent=1)
    f.write("\n")
