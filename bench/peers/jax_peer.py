"""JAX: an epoch is one jitted scan over its batches (the last, smaller one apart)."""
import time

import jax
import jax.numpy as jnp

from common import RATE, SIZES, arguments, report

workload, optimizer, batch, epochs, x, y = arguments()
x, y = jnp.asarray(x), jnp.asarray(y)
sizes, n = SIZES[workload], len(x)
rate = 1e-3 if optimizer == "adam" else RATE[workload]


def forward(p, v):
    for i, (w, b) in enumerate(p):
        v = v @ w + b
        if i < len(p) - 1:
            v = jnp.tanh(v) if workload == "xor" else jax.nn.relu(v)
    return jax.nn.sigmoid(v) if workload == "xor" else v


def loss_of(p, rows):
    out = forward(p, x[rows])
    if workload == "xor":
        return jnp.mean((out - y[rows]) ** 2)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(out), y[rows][:, None], 1))


def step(state, rows):
    p, m, v, t = state
    loss, g = jax.value_and_grad(loss_of)(p, rows)
    t = t + 1
    if optimizer == "adam":
        m = jax.tree_util.tree_map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = jax.tree_util.tree_map(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
        c1, c2 = 1 - 0.9 ** t, 1 - 0.999 ** t
        p = jax.tree_util.tree_map(lambda w, a, b: w - rate * (a / c1) / (jnp.sqrt(b / c2) + 1e-8), p, m, v)
    else:
        p = jax.tree_util.tree_map(lambda w, d: w - rate * d, p, g)
    return (p, m, v, t), loss * len(rows)


@jax.jit
def epoch(state, key):
    order, whole = jax.random.permutation(key, n), n // batch * batch
    state, losses = jax.lax.scan(step, state, order[:whole].reshape(-1, batch))
    total = losses.sum()
    if whole < n:
        state, last = step(state, order[whole:])
        total = total + last
    return state, total / n


key = jax.random.PRNGKey(1)
params = []
for i in range(len(sizes) - 1):
    key, k = jax.random.split(key)
    bound = sizes[i] ** -0.5
    params.append((jax.random.uniform(k, (sizes[i], sizes[i + 1]), minval=-bound, maxval=bound),
                   jnp.zeros(sizes[i + 1])))
zeros = jax.tree_util.tree_map(jnp.zeros_like, params)
first = (params, zeros, zeros, 0.0)
keys = list(jax.random.split(key, epochs))
start = time.perf_counter()
epoch(first, keys[0])[1].block_until_ready()
compile_seconds = time.perf_counter() - start
state = first
start = time.perf_counter()
for k in keys:
    state, loss = epoch(state, k)
loss.block_until_ready()
report(train_seconds=time.perf_counter() - start, compile_seconds=compile_seconds, loss=float(loss),
       version=jax.__version__)
