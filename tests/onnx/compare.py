"""Exported nets against onnxruntime: compare.py MODEL KIND ROWS PREDICTIONS [WORDS], several times five words.

KIND of ROWS, what the source reads: csv (WORDS: its targets, and columns that are embedded as =NAME, blanks between), idx, or text (the length of a row).
PREDICTIONS is what `fell predict` printed of some of them, by number. They must agree to 1e-5, of values relative to
their size, and the model must pass onnx.checker.
"""

import csv
import gzip
import struct
import sys

import numpy as np
import onnx
import onnxruntime


def rows_of(kind, path, words, shape):
    if kind == "idx":
        with gzip.open(path) as f:
            _, n, h, w = struct.unpack(">IIII", f.read(16))
            return np.frombuffer(f.read(), np.uint8).reshape(n, h, w)
    if kind == "text":
        with open(path, encoding="utf-8", newline="") as f:
            text = f.read()
        place = {c: i for i, c in enumerate(sorted(set(text)))}
        begin, length = int(0.9 * len(text)), int(words)
        numbers = [place[c] for c in text[begin:]]
        return np.array([numbers[i : i + length] for i in range(0, len(numbers) - length, length)])
    with open(path, encoding="utf-8", newline="") as f:
        lines = list(csv.DictReader(f))
    embedded = [w[1:] for w in words.split() if w.startswith("=")]
    names = [k for k in lines[0] if k not in words.split() + embedded]
    category = {k: sorted({r[k] for r in lines} - {""}) for k in names + embedded if any(not number(r[k]) for r in lines)}
    out = []
    for r in lines:
        row = []
        for k in names:
            if k in category:
                row += [float("nan") if r[k] == "" else float(r[k] == word) for word in category[k]]
            else:
                row.append(float("nan") if r[k] == "" else float(r[k]))
        for k in embedded:
            row.append(float("nan") if r[k] == "" else category[k].index(r[k]))
        out.append(row)
    return np.array(out)


def number(text):
    try:
        float(text or "0")
    except ValueError:
        return False
    return True


def compare(path, kind, rows, predictions, words):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    x = rows_of(kind, rows, words, given.shape)
    with open(predictions, encoding="utf-8", newline="") as f:
        lines = list(csv.reader(f))
    head, lines = lines[0], lines[1:]
    wanted = [i for i, name in enumerate(head) if name not in ("row", "step", "class") and f"p_{name}" not in head]
    numbers = sorted({int(line[0]) - 1 for line in lines})
    x = x[numbers].reshape([len(numbers)] + given.shape[1:]).astype("f8" if "double" in given.type else "f4")
    want = np.array([[float(line[i]) for i in wanted] for line in lines])
    got = session.run([session.get_outputs()[-1].name], {"input": x})[0].reshape(want.shape)
    error = np.max(np.abs(got - want) / np.maximum(1.0, np.abs(want)))
    print(f"{path}: {len(lines)} predictions, apart by {error:.2g}")
    return len(lines) > 0 and error <= 1e-5


words = sys.argv[1:]
good = [compare(*words[i : i + 5]) for i in range(0, len(words), 5)]
sys.exit(0 if good and all(good) else 1)
