#!/usr/bin/env python3
"""metrics.py - makes metrics.json: what scikit-learn says of seeded random outputs and targets of every
kind, and of degenerate ones. Run where numpy and scikit-learn are installed (1.9.1 made what is stored):
    python3 tests/reference/metrics.py >tests/reference/metrics.json
A case has the outputs of rows as a plugin sees them (prediction), labels or values (target), what they
mean, and the value or values of each metric; null where there is none."""
import json
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

warnings.simplefilter("ignore")
random = np.random.default_rng(7)
cases = []


def numbers(x):
    x = np.asarray(x)
    return [numbers(y) for y in x] if x.ndim else int(x) if x == np.round(x) else None if np.isnan(x) else float(f"{x:.15g}")


def add(what, name, value, pred, target, outputs, targets, cut=0, target_cut=0, **options):
    case = {"what": what, "prediction_is": outputs, "target_is": targets, "cut": cut, "target_cut": target_cut,
            "prediction": numbers(pred), "target": numbers(target)}
    if not cases or any(cases[-1][key] != case[key] for key in case):
        cases.append(case | {"values": []})
    cases[-1]["values"].append({"name": name, "options": options, "value": numbers(np.atleast_1d(value))})


def softmax(x):
    """In steps of 1e-12: rows that say the same, in another order or shifted, have the same to the last bit."""
    e = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    return np.round(e / e.sum(axis=1, keepdims=True), 12)


def averages(y, guess, **more):
    for name, score in (("f1", m.f1_score), ("precision", m.precision_score), ("recall", m.recall_score)):
        for average in ("macro", "micro", "weighted"):
            yield name, average, score(y, guess, average=average, zero_division=0, **more)


def one_class(what, x, y):
    """Rows of one class each: logits X, labels Y."""
    args = (x, y, "logit", "one_class")
    guess, classes, p = x.argmax(axis=1), x.shape[1], softmax(x)
    add(what, "accuracy", m.accuracy_score(y, guess), *args)
    for name, average, value in averages(y, guess):
        add(what, name, value, *args, average=average)
    labels = list(range(classes))
    there = np.isin(labels, np.concatenate([y, guess]))
    for name, score in (("f1_per_class", m.f1_score), ("precision_per_class", m.precision_score),
                        ("recall_per_class", m.recall_score)):
        value = score(y, guess, labels=labels, average=None, zero_division=0)
        add(what, name, np.where(there, value, np.nan), *args)
    add(what, "confusion", m.confusion_matrix(y, guess, labels=labels).ravel(), *args)
    for k in (1, 2, 5):
        if k <= classes and classes > 2:
            add(what, "top_k", m.top_k_accuracy_score(y, x, k=k, labels=labels), *args, k=k)
    if len(set(y)) == classes and classes > 2:
        area = np.mean([m.roc_auc_score(y == k, p[:, k]) for k in labels])
        assert abs(area - m.roc_auc_score(y, p / p.sum(axis=1, keepdims=True), multi_class="ovr", labels=labels)) < 1e-3
    elif classes == 2:
        area = m.roc_auc_score(y, p[:, 1]) if len(set(y)) == 2 else np.nan
    else:  # the mean over the classes that have an area
        areas = [m.roc_auc_score(y == k, p[:, k]) for k in labels if 0 < np.sum(y == k) < len(y)]
        area = np.mean(areas) if areas and classes > 1 else np.nan
    add(what, "auc", area, *args)
    z = x - x.max(axis=1, keepdims=True)
    z = (z - np.log(np.exp(z).sum(axis=1, keepdims=True))).astype(np.float32).astype(np.float64)
    add(what, "auc", area, z, y, "log_probability", "one_class")


def questions(what, x, y, outputs, cut, target_cut):
    """Columns of yes and no: outputs X, targets Y."""
    args = (x, y, outputs, "yes_no", cut, target_cut)
    guess, yes = (x > cut).astype(int), (y > target_cut).astype(int)
    add(what, "accuracy", m.accuracy_score(yes, guess), *args)
    if x.shape[1] == 1:
        yes, guess, score = yes[:, 0], guess[:, 0], {"average": "binary", "zero_division": 0}
        add(what, "f1", m.f1_score(yes, guess, **score), *args)
        add(what, "precision", m.precision_score(yes, guess, **score), *args)
        add(what, "recall", m.recall_score(yes, guess, **score), *args)
        add(what, "auc", m.roc_auc_score(yes, x[:, 0]) if len(set(yes)) == 2 else np.nan, *args)
        return
    for name, average, value in averages(yes, guess):
        add(what, name, value, *args, average=average)
    mixed = [k for k in range(x.shape[1]) if len(set(yes[:, k])) == 2]
    add(what, "auc", m.roc_auc_score(yes[:, mixed], x[:, mixed]) if len(mixed) > 1 else
        m.roc_auc_score(yes[:, mixed[0]], x[:, mixed[0]]) if mixed else np.nan, *args)


def regression(what, p, t):
    args = (p, t, "real", "numbers")
    add(what, "mae", m.mean_absolute_error(t, p), *args)
    add(what, "rmse", np.sqrt(m.mean_squared_error(t, p)), *args)
    add(what, "r2", m.r2_score(t, p), *args)


def outputs_of(rows, cols, spread=2.0):
    return np.round(spread * random.standard_normal((rows, cols)), 3)


def classes_of(rows, classes):
    return random.integers(0, classes, rows)


for rows, classes in ((60, 2), (60, 3), (90, 10), (200, 5)):
    one_class(f"{classes} classes", outputs_of(rows, classes), classes_of(rows, classes))
    one_class(f"{classes} classes, ties", np.round(outputs_of(rows, classes)), classes_of(rows, classes))
one_class("a class that is never there", outputs_of(40, 4), classes_of(40, 3))
one_class("a class that is never predicted", outputs_of(40, 4) - 8 * np.eye(4)[2], classes_of(40, 4))
one_class("constant outputs", np.zeros((30, 3)), classes_of(30, 3))
one_class("all rows of the first of three classes", outputs_of(30, 3), np.zeros(30, int))
one_class("all rows of the second of two classes", outputs_of(30, 2), np.ones(30, int))
one_class("one class only", outputs_of(30, 1), np.zeros(30, int))
one_class("one row", outputs_of(1, 3), np.array([1]))
shifted = np.round(4 * outputs_of(80, 3)) / 4
one_class("logits shifted by row", shifted + random.integers(-64, 64, (80, 1)), classes_of(80, 3))
for cols in (1, 2, 3, 7):
    y = random.integers(0, 2, (70, cols))
    questions(f"{cols} questions, logits", outputs_of(70, cols), y, "logit", 0, 0.5)
    p = 1 / (1 + np.exp(-outputs_of(70, cols)))
    questions(f"{cols} questions, probabilities", np.round(p, 4), y, "probability", 0.5, 0.5)
    questions(f"{cols} questions of -1 and 1", outputs_of(70, cols), 2 * y - 1, "real", 0, 0)
    questions(f"{cols} questions, ties", np.round(outputs_of(70, cols)), y, "logit", 0, 0.5)
    questions(f"{cols} questions, all no", outputs_of(20, cols), 0 * y[:20], "logit", 0, 0.5)
    questions(f"{cols} questions, all yes", outputs_of(20, cols), 0 * y[:20] + 1, "logit", 0, 0.5)
    questions(f"{cols} questions, none predicted", -np.abs(outputs_of(20, cols)), y[:20], "logit", 0, 0.5)
    questions(f"{cols} questions, constant outputs", 0 * outputs_of(20, cols) + 1, y[:20], "logit", 0, 0.5)
    questions(f"{cols} questions, one row", outputs_of(1, cols), y[:1], "logit", 0, 0.5)
for cols in (1, 3):
    t = outputs_of(50, cols, 3)
    regression(f"{cols} columns", np.round(t + outputs_of(50, cols), 3), t)
    regression(f"{cols} columns, perfect", t, t)
    regression(f"{cols} columns, constant predictions", 0 * t + 1, t)
    regression(f"{cols} columns, targets that never change", t, 0 * t + 2)
    regression(f"{cols} columns, targets that never change and are met", 0 * t + 2, 0 * t + 2)
    regression(f"{cols} columns, one row", t[:1] + 1, t[:1])
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
print(f'{{"source":"scikit-learn {sklearn.__version__}, made by metrics.py","cases":[\n{lines}\n]}}')
