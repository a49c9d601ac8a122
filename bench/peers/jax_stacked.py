"""JAX: vmap over seeds of a jitted scan over epochs and batches. `jax_stacked.py WORKLOAD sgd BATCH EPOCHS NETS`"""
import sys
import time

import jax
import jax.numpy as jnp

from common import RATE, SIZES, arguments, report

workload, _, batch, epochs, x, y = arguments()
nets = int(sys.argv[5])
x, y = jnp.asarray(x), jnp.asarray(y)
sizes, n, rate = SIZES[workload], len(x), RATE[workload]
whole = n // batch * batch


def loss_of(p, rows):
    v = x[rows]
    for i, (w, b) in enumerate(p):
        v = v @ w + b
        if i < len(p) - 1:
            v = jax.nn.relu(v)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(v), y[rows][:, None], 1))


def step(p, rows):
    loss, g = jax.value_and_grad(loss_of)(p, rows)
    return jax.tree_util.tree_map(lambda w, d: w - rate * d, p, g), loss


def epoch(p, key):
    order = jax.random.permutation(key, n)
    p, losses = jax.lax.scan(step, p, order[:whole].reshape(-1, batch))
    if whole < n:
        p, _ = step(p, order[whole:])
    return p, losses.mean()


def train(key):
    p = []
    for a, b in zip(sizes, sizes[1:]):
        key, k = jax.random.split(key)
        p.append((jax.random.uniform(k, (a, b), minval=-a ** -0.5, maxval=a ** -0.5), jnp.zeros(b)))
    p, losses = jax.lax.scan(epoch, p, jax.random.split(key, epochs))
    return losses[-1]


keys = jax.random.split(jax.random.PRNGKey(1), nets)
start = time.perf_counter()
compiled = jax.jit(jax.vmap(train)).lower(keys).compile()
compile_seconds = time.perf_counter() - start
start = time.perf_counter()
losses = compiled(keys).block_until_ready()
report(train_seconds=time.perf_counter() - start, compile_seconds=compile_seconds, loss=float(losses.mean()),
       version=jax.__version__)
