"""64 runs that differ in their seed, on two cores: ours, PyTorch in two processes at a time, all nets in one PyTorch
process (bmm), JAX (vmap). Called by bench/run; see bench/README.md.
"""
import json
import os
import sqlite3
import statistics
import subprocess
import time

NETS, CORES = 64, 2
# workload, batch, epochs, and what the project promises against PyTorch's processes and its stacked nets
SWEEPS = [("iris", 16, 200, 250, 12), ("digits", 32, 50, 50, 5.5)]


def ours(bench, workload, batch, epochs):
    """(runs a second from start to exit, rows, seconds of training summed over the runs)."""
    db = os.path.join(bench.WORK, "sweep.db")
    for tail in ("", "-wal", "-shm"):
        if os.path.exists(db + tail):
            os.remove(db + tail)
    spec = os.path.join(bench.TOP, "bench", "specs", workload + ".yaml")
    _, whole, _ = bench.run([bench.FELL, "run", spec, "train.epochs=%d" % epochs, "train.batch_size=%d" % batch,
                             "repeats=%d" % NETS, "--db", db, "--jobs", str(CORES), "--quiet"], pin=False)
    with sqlite3.connect(db) as base:
        runs, training = base.execute("SELECT count(*), sum(seconds) FROM runs WHERE status = 'finished'").fetchone()
        rows = base.execute("SELECT (SELECT count(*) FROM epochs) + (SELECT count(*) FROM gradients)").fetchone()[0]
    if runs != NETS:
        raise RuntimeError("%d of %d runs finished" % (runs, NETS))
    return NETS / whole, rows, training


def processes(bench, command, workload, batch, epochs, pairs):
    """PyTorch started as two processes at a time: whole processes a second."""
    words = command + [workload, "sgd", str(batch), str(epochs)]
    start = time.perf_counter()
    for _ in range(pairs):
        children = [subprocess.Popen(["taskset", "-c", str(core), *words], env=bench.environment(), stdout=subprocess.DEVNULL)
                    for core in sorted(os.sched_getaffinity(0))[:CORES]]
        for child in children:
            if child.wait() != 0:
                raise RuntimeError("%s failed" % words)
    return CORES * pairs / (time.perf_counter() - start)


def stacked(bench, command, workload, batch, epochs, extra):
    """Runs a second: from start to exit, as ours is measured; of its training loop alone; with compilation."""
    env = bench.environment()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "XLA_FLAGS"):
        env.pop(name, None)
    out, whole, _ = bench.run(command + [workload, "sgd", str(batch), str(epochs), str(NETS), *extra], env, pin=False)
    facts = json.loads(out.strip().splitlines()[-1])
    loop = facts["train_seconds"]
    return NETS / whole, NETS / loop, NETS / (loop + facts.get("compile_seconds", 0))


def measure(bench, rounds, found, peak):
    results = []
    for workload, batch, epochs, against_processes, against_stacked in SWEEPS:
        figures = {}

        def note(name, value):
            figures.setdefault(name, []).append(value)

        for _ in range(rounds):
            rate, rows, training = ours(bench, workload, batch, epochs)
            note("fell", rate)
            note("training", NETS * CORES / training)
            note("peak", max(json.loads(bench.run([peak])[0]).values()))
            program = bench.compiled("bench/sqlite_rows.c", "-lsqlite3")
            facts = json.loads(bench.run([program, os.path.join(bench.WORK, "sweep.db"),
                                          os.path.join(bench.WORK, "copy.db")])[0])
            note("sqlite", NETS * facts["rows"] / facts["seconds"] / rows)
            if "torch" in found:
                python, peers = found["torch"][0], os.path.dirname(found["torch"][1])
                note("torch processes", processes(bench, found["torch"], workload, batch, epochs, 2))
                for threads in (1, CORES):
                    whole, loop, _ = stacked(bench, [python, os.path.join(peers, "torch_stacked.py")],
                                             workload, batch, epochs, [str(threads)])
                    note("torch stacked, %d threads" % threads, whole)
                    note("- its training loop alone, %d threads" % threads, loop)
            if "jax" in found:
                whole, loop, compiled = stacked(
                    bench, [found["jax"][0], os.path.join(os.path.dirname(found["jax"][1]), "jax_stacked.py")],
                    workload, batch, epochs, [])
                note("jax vmap", whole)
                note("- its compilation and training loop", compiled)
                note("- its training loop alone", loop)
        medians = {name: statistics.median(values) for name, values in figures.items()}
        floor = medians["peak"] * 1e9 * CORES / (bench.flops_per_epoch(workload) * epochs)
        print("\n%d runs of %s, %d epochs, batch %d, everything recorded: %.0f runs a second" % (
            NETS, workload, epochs, batch, medians["fell"]))
        print("  the training alone would allow %.0f, the FMA peak %.0f, a bare SQLite loop of the same rows %.0f" % (
            medians["training"], floor, medians["sqlite"]))
        ratios = {}
        for name, value in medians.items():
            if name not in ("fell", "training", "peak", "sqlite"):
                ratios[name] = statistics.median([a / b for a, b in zip(figures["fell"], figures[name])])
                promise = (" (promise %g)" % against_processes if name == "torch processes" else
                           " (promise %g)" % against_stacked if name.startswith("torch stacked") else "")
                print("  %-41s %8.2f runs a second: we are %.1f times as fast%s" % (name, value, ratios[name], promise))
        results.append({"workload": workload, "medians": medians, "floor": floor, "ratios": ratios})
    return results
