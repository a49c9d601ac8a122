"""What every Python peer shares: the workloads and their data, as float32 arrays.

A peer is called as `PEER WORKLOAD OPTIMIZER BATCH EPOCHS` and prints one JSON object
with `train_seconds` (the training loop alone) and `loss` (of the last epoch).
"""
import csv
import gzip
import json
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "configs", "data")
FASHION = "/usr/share/datasets/fashion-mnist"
SIZES = {"xor": [2, 8, 1], "iris": [4, 16, 3], "digits": [64, 64, 10], "fashion": [784, 256, 128, 10]}
RATE = {"xor": 0.5, "iris": 0.05, "digits": 0.05, "fashion": 0.05, "cnn": 0.05}


def table(name):
    with open(os.path.join(DATA, name + ".csv"), newline="") as f:
        rows = list(csv.reader(f))[1:]
    x = np.array([[float(v) for v in r[:-1]] for r in rows], np.float32)
    names = sorted({r[-1] for r in rows})
    return x, np.array([names.index(r[-1]) for r in rows], np.int64)


def idx(path, offset):
    with gzip.open(path) as f:
        return np.frombuffer(f.read(), np.uint8, offset=offset)


def windows(length=64, rows=600):
    """Windows of a text as numbers of characters, and the characters that follow: 50 batches of 12 an epoch."""
    with open(os.path.join(DATA, "constitution.txt"), encoding="utf-8") as f:
        text = f.read()
    number = {c: i for i, c in enumerate(sorted(set(text)))}
    ids = np.array([number[c] for c in text], np.int64)
    at = np.linspace(0, len(ids) - length - 1, rows).astype(np.int64)[:, None] + np.arange(length)
    return ids[at], ids[at + 1]


def data(workload):
    if workload == "xor":
        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
        return x, np.array([[0], [1], [1], [0]], np.float32)
    if workload == "iris":
        x, y = table("iris")
        return ((x - x.mean(0)) / x.std(0)).astype(np.float32), y
    if workload == "digits":
        x, y = table("digits")
        return x * np.float32(0.0625), y
    if workload == "gpt":
        return windows()
    shape = (-1, 1, 28, 28) if workload == "cnn" else (-1, 784)
    x = idx(FASHION + "/train-images-idx3-ubyte.gz", 16).reshape(shape).astype(np.float32) / np.float32(255)
    return x, idx(FASHION + "/train-labels-idx1-ubyte.gz", 8).astype(np.int64)


def arguments():
    workload, optimizer, batch, epochs = sys.argv[1:5]
    x, y = data(workload)
    return workload, optimizer, int(batch) or len(x), int(epochs), x, y


def report(**facts):
    print(json.dumps(facts))
