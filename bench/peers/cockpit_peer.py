"""Cockpit on BackPACK: seconds of a plain step and of a tracked one, 784-256-128-10, one thread.

Called as `cockpit_peer.py ROWS STEPS`; prints one JSON object with the median seconds of `plain` and of each
configuration. The output is computed once and given to both losses.
"""
import json
import statistics
import sys
import time
import warnings

import torch
from backpack import extend
from cockpit import Cockpit
from cockpit.utils.configuration import configuration

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
rows, steps = int(sys.argv[1]), int(sys.argv[2])
torch.manual_seed(1)
x, y = torch.rand(rows, 784), torch.randint(0, 10, (rows,))


def net():
    nn = torch.nn
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def plain():
    model, loss_of, times = net(), torch.nn.CrossEntropyLoss(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(50):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def tracked(label):
    model, mean = extend(net()), extend(torch.nn.CrossEntropyLoss())
    each, times = torch.nn.CrossEntropyLoss(reduction="none"), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    cockpit = Cockpit(model.parameters(), quantities=configuration(label))
    for step in range(steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        output = model(x)
        loss, losses = mean(output, y), each(output, y)
        info = {"batch_size": rows, "individual_losses": losses, "loss": loss, "optimizer": optimizer}
        with cockpit(step, info=info):
            loss.backward(create_graph=cockpit.create_graph(step))
        optimizer.step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


facts = {"plain": plain(), "version": torch.__version__}
facts.update({label: tracked(label) for label in ("economy", "business", "full")})
print(json.dumps(facts))
