"""PyTorch's functions, eager, one thread, timed one at a time.

Each line of standard input asks for one, as a JSON list; the answer is a line with the
seconds of one call of the function and of its backward pass, medians over many calls:

    ["activation", NAME, SETTINGS, ROWS, COLS]
    ["conv2d", FILTERS, PADDING, BATCH, CHANNELS, HEIGHT, WIDTH, DX]

NAME and SETTINGS are Fellrunner's; DX is 1 where the gradient of the input is wanted.
"""
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F

SAMPLES, SAMPLE_SECONDS = 15, 0.004
FUNCTIONS = {
    "celu": F.celu, "elu": F.elu, "gelu": F.gelu, "hard_shrink": F.hardshrink, "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish, "hard_tanh": F.hardtanh, "identity": lambda x: x.clone(), "leaky_relu": F.leaky_relu,
    "log_sigmoid": F.logsigmoid, "log_softmax": lambda x: F.log_softmax(x, 1), "mish": F.mish, "relu": F.relu,
    "relu6": F.relu6, "selu": F.selu, "sigmoid": torch.sigmoid, "silu": F.silu, "sine": torch.sin,
    "soft_shrink": F.softshrink, "softmax": lambda x: F.softmax(x, 1), "softplus": F.softplus,
    "softsign": F.softsign, "tanh": torch.tanh, "tanh_shrink": F.tanhshrink,
}
torch.set_num_threads(1)
torch.manual_seed(1)


def seconds_of(call):
    """Of one call: the median of samples of so many calls that the clock is exact."""
    calls = 1
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        if time.perf_counter() - start >= SAMPLE_SECONDS:
            break
        calls *= 2
    samples = []
    for _ in range(SAMPLES):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        samples.append((time.perf_counter() - start) / calls)
    return statistics.median(samples)


def both(function, leaves):
    y = function()
    dy = torch.randn_like(y)
    return {"forward": seconds_of(function),
            "backward": seconds_of(lambda: torch.autograd.grad(y, leaves, dy, retain_graph=True))}


def activation(name, settings, rows, cols):
    x = torch.randn(rows, cols, requires_grad=True)
    if settings == "{approximate: tanh}":
        return both(lambda: F.gelu(x, approximate="tanh"), [x])
    function = FUNCTIONS[name]
    return both(lambda: function(x), [x])


def conv2d(filters, padding, batch, channels, height, width, dx):
    x = torch.randn(batch, channels, height, width, requires_grad=bool(dx))
    w = torch.randn(filters, channels, 3, 3, requires_grad=True)
    b = torch.randn(filters, requires_grad=True)
    return both(lambda: F.conv2d(x, w, b, padding=padding), [w, b] + ([x] if dx else []))


for line in sys.stdin:
    what, *words = json.loads(line)
    print(json.dumps({"activation": activation, "conv2d": conv2d}[what](*words)), flush=True)
