"""PyTorch, eager, one thread; the faster of foreach on and off is what it reports."""
import time

import torch

from common import RATE, SIZES, arguments, report
from torch_gpt import GPT

torch.set_num_threads(1)
workload, optimizer, batch, epochs, x, y = arguments()
x, y = torch.from_numpy(x), torch.from_numpy(y)


def cnn():
    nn = torch.nn
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 10))


def mlp():
    sizes, layers = SIZES[workload], []
    for i in range(len(sizes) - 1):
        layers.append(torch.nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(torch.nn.Tanh() if workload == "xor" else torch.nn.ReLU())
    if workload == "xor":
        layers.append(torch.nn.Sigmoid())
    return torch.nn.Sequential(*layers)


def train(foreach, epochs):
    torch.manual_seed(1)
    net = GPT(int(y.max()) + 1) if workload == "gpt" else cnn() if workload == "cnn" else mlp()
    loss_of = torch.nn.MSELoss() if workload == "xor" else torch.nn.CrossEntropyLoss()
    if optimizer == "adam":
        step = torch.optim.Adam(net.parameters(), lr=1e-3, foreach=foreach)
    elif optimizer == "adamw":
        step = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, foreach=foreach)
    else:
        step = torch.optim.SGD(net.parameters(), lr=RATE[workload], foreach=foreach)
    n, total = len(x), None
    start = time.perf_counter()
    for _ in range(epochs):
        order, total = torch.randperm(n), 0.0
        for i in range(0, n, batch):
            rows = order[i:i + batch]
            step.zero_grad(set_to_none=True)
            loss = loss_of(net(x[rows]), y[rows])
            loss.backward()
            if workload == "gpt":
                torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0, foreach=foreach)
            step.step()
            total += loss.item() * len(rows)
    return time.perf_counter() - start, total / n


# A short trial of both tells which way is the faster here; then the whole of it.
trial = max(1, epochs // 20)
train(False, 1)
foreach = train(True, trial)[0] < train(False, trial)[0]
seconds, loss = train(foreach, epochs)
report(train_seconds=seconds, loss=loss, foreach=foreach, version=torch.__version__)
