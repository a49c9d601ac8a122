"""What probes cost: against an epoch, against a gradient of the same rows, and against Cockpit. Called by bench/run;
see bench/README.md.

A look's seconds are the difference between two runs, one with the probes and one without, divided by the looks.
"""
import json
import os
import sqlite3

EPOCHS = 40
# What Cockpit's configurations record, in our words; the seconds of its tracked step are promised so many times ours
ECONOMY = ["updates: {rows: 0}", "path: {rows: 0}", "gradient_noise: {rows: 0}", "gradients: {rows: 0}"]
BUSINESS = ECONOMY + ["sharpness: {rows: 0, top: 0, exact: 0, samples: 2}"]
FULL = ECONOMY + ["sharpness: {rows: 0, exact: 0, samples: 2}"]
AGAINST = [("economy", ECONOMY, 50), ("business", BUSINESS, 50), ("full", FULL, 20)]


def seconds(bench, rows, probes, epochs=EPOCHS, batch=0):
    """Of the whole run of EPOCHS epochs, a look before the first and after each, from first step to last."""
    db = os.path.join(bench.WORK, "probes.db")
    for tail in ("", "-wal", "-shm"):
        if os.path.exists(db + tail):
            os.remove(db + tail)
    spec = os.path.join(bench.TOP, "bench", "specs", "fashion.yaml")
    words = ["train.epochs=%d" % epochs, "train.batch_size=%d" % batch, "record.gradients=none"]
    if rows:
        words.append("data.rows=%d" % rows)
    if probes:
        words.append("probes=[%s]" % ", ".join("{%s}" % p for p in probes))
    bench.run([bench.FELL, "run", spec, *words, "--db", db, "--jobs", "1", "--quiet"])
    with sqlite3.connect(db) as base:
        status, took = base.execute("SELECT status, seconds FROM runs").fetchone()
        products = base.execute("SELECT avg(value) FROM probes WHERE name = 'products'").fetchone()[0]
    if status != "finished":
        raise RuntimeError("a run with probes is %s" % status)
    return took, products


def look(bench, rows, probes, plain):
    took, products = seconds(bench, rows, probes)
    return (took - plain) / (EPOCHS + 1), products


def own_bounds(bench, rounds):
    """The probes on 1,000 rows."""
    kept = []
    for _ in range(rounds):
        plain, _ = seconds(bench, 1000, [])
        gradient = plain / EPOCHS
        epoch = seconds(bench, 0, [], 1, 64)[0]
        light, _ = look(bench, 1000, ["activations: {rows: 0}", "weights: {rows: 0}", "updates: {rows: 0}"], plain)
        noise, _ = look(bench, 1000, ["gradient_noise: {rows: 0}"], plain)
        sharp, products = look(bench, 1000, ["sharpness: {rows: 0, samples: 0}"], plain)
        kept.append({"light_share": light / epoch, "noise_gradients": noise / gradient,
                     "sharpness_gradients": sharp / gradient, "products": products, "gradient": gradient,
                     "epoch": epoch})
    result = {key: bench.median([k[key] for k in kept]) for key in kept[0]}
    print("(probes) 784-256-128-10, looks at 1,000 rows; a gradient of these takes %.2f ms, an epoch of 60,000 rows %.2f s" % (
        1e3 * result["gradient"], result["epoch"]))
    for key, text, scale, promise in (
            ("light_share", "activations, weights and updates, % of an epoch", 100, 3),
            ("noise_gradients", "gradient_noise, in plain gradients", 1, 5),
            ("sharpness_gradients", "sharpness with the largest eigenvalue to 1 %, in plain gradients", 1, 60)):
        print("    %-66s %7.2f   promise: under %g: %s" % (
            text, scale * result[key], promise, "kept" if scale * result[key] < promise else "NOT KEPT"), flush=True)
    return result


def against_cockpit(bench, rounds, python):
    """A tracked step of 256 rows."""
    peer = os.path.join(bench.TOP, "bench", "peers", "cockpit_peer.py")
    kept = []
    for _ in range(rounds):
        plain, _ = seconds(bench, 256, [])
        times = {"fell": {"plain": plain / EPOCHS}}
        for label, probes, _ in AGAINST:
            times["fell"][label] = plain / EPOCHS + look(bench, 256, probes, plain)[0]
        if python:
            times["cockpit"] = json.loads(bench.run([python, peer, "256", "3"], bench.environment())[0].splitlines()[-1])
        kept.append(times)
    result = {}
    for label, _, promise in [("plain", [], None)] + AGAINST:
        row = {"fell": bench.median([k["fell"][label] for k in kept])}
        text = "    %-9s fell %9.2f ms" % (label, 1e3 * row["fell"])
        if python:
            row["cockpit"] = bench.median([k["cockpit"][label] for k in kept])
            row["times"] = bench.median([k["cockpit"][label] / k["fell"][label] for k in kept])
            text += "   Cockpit %10.2f ms   %7.1fx" % (1e3 * row["cockpit"], row["times"])
            if promise:
                text += "   promise: %gx: %s" % (promise, "kept" if row["times"] >= promise else "NOT KEPT")
        print(text, flush=True)
        result[label] = row
    return result


def measure(bench, rounds):
    python = os.environ.get("BENCH_COCKPIT_PYTHON", os.path.join(bench.WORK, "cockpit", "bin", "python"))
    if not os.path.exists(python):
        print("note: Cockpit is not installed (bench/install-peers): skipped")
        python = None
    own = own_bounds(bench, rounds)
    print("    a step of 256 rows that is looked at")
    return {"bounds": own, "tracked_step": against_cockpit(bench, rounds, python)}
