#!/usr/bin/env python3
"""make.py - makes the files beside it: weights, and the masks that torch.nn.utils.prune makes of them. Run where torch
is installed (2.15.0 made what is stored):
    python3 tests/reference/prune/make.py tests/reference/prune
weights: two matrices and a kernel, all magnitudes different. all, each: amount 0.3 over all of them
(global_unstructured with L1Unstructured) and of each (l1_unstructured); all2, each2: again, amount 0.45, of what was left."""
import json
import struct
import sys

import torch
from torch.nn.utils import prune


def write(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, values in tensors.items():
        raw = values.detach().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def net():
    torch.manual_seed(7)
    layers = {"conv": torch.nn.Conv2d(2, 3, 3), "hidden": torch.nn.Linear(12, 9), "output": torch.nn.Linear(9, 5)}
    with torch.no_grad():
        layers["output"].weight *= 3  # so that all together and each by itself differ
    return layers


def masks(layers):
    return {name + ".weight": layer.weight_mask for name, layer in layers.items()}


folder = sys.argv[1]
layers = net()
write(folder + "/weights.safetensors", {name + ".weight": layer.weight for name, layer in layers.items()})
together = [(layer, "weight") for layer in layers.values()]
prune.global_unstructured(together, pruning_method=prune.L1Unstructured, amount=0.3)
write(folder + "/all.safetensors", masks(layers))
prune.global_unstructured(together, pruning_method=prune.L1Unstructured, amount=0.45)
write(folder + "/all2.safetensors", masks(layers))
layers = net()
for layer in layers.values():
    prune.l1_unstructured(layer, "weight", amount=0.3)
write(folder + "/each.safetensors", masks(layers))
for layer in layers.values():
    prune.l1_unstructured(layer, "weight", amount=0.45)
write(folder + "/each2.safetensors", masks(layers))
