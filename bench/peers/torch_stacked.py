"""PyTorch's own fastest way to train many small nets: all of them in one tensor, with bmm, in one process.

`torch_stacked.py WORKLOAD sgd BATCH EPOCHS NETS THREADS`; every net has its weights and its own order of rows.
"""
import sys
import time

import torch

from common import RATE, SIZES, arguments, report

workload, _, batch, epochs, x, y = arguments()
nets, threads = int(sys.argv[5]), int(sys.argv[6])
torch.set_num_threads(threads)
x, y = torch.from_numpy(x), torch.from_numpy(y)
torch.manual_seed(1)
sizes, n = SIZES[workload], len(x)
params = []
for a, b in zip(sizes, sizes[1:]):
    bound = a ** -0.5
    params.append((torch.empty(nets, a, b).uniform_(-bound, bound).requires_grad_(),
                   torch.empty(nets, 1, b).uniform_(-bound, bound).requires_grad_()))
flat = [p for pair in params for p in pair]
start = time.perf_counter()
for _ in range(epochs):
    order = torch.rand(nets, n).argsort(1)
    for i in range(0, n, batch):
        rows = order[:, i:i + batch]
        v = x[rows]
        for k, (w, b) in enumerate(params):
            v = torch.baddbmm(b, v, w)
            if k < len(params) - 1:
                v = torch.relu(v)
        # The sum over nets of each one's mean: every net gets its own gradient.
        loss = torch.nn.functional.cross_entropy(v.reshape(-1, sizes[-1]), y[rows].reshape(-1), reduction="sum") / rows.shape[1]
        grads = torch.autograd.grad(loss, flat)
        with torch.no_grad():
            torch._foreach_add_(flat, grads, alpha=-RATE[workload])
report(train_seconds=time.perf_counter() - start, loss=loss.item() / nets, version=torch.__version__)
