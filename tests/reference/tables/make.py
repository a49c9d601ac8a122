"""Prepared matrices of the tables here, by scikit-learn 1.9.1 and NumPy, for tests/unit/test_data_tables.c:

    python3 make.py      # writes NAME.prepared: a row each of training, then of test rows; inputs, then the target

The tables are made up, with the dirt of those that they are named after: absent and quoted fields, words for
nothing, marks, blanks behind delimiters, decimal commas, an index without a name, other orders of columns. A
column of numbers is imputed, one of words encoded one-hot, in the order of the file; indicators of absent
numbers come last.
"""
import csv

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

NOTHING = {"", "NA", "?"}


def read(path, delimiter=",", header=True, decimal="."):
    with open(path, encoding="utf-8-sig", newline="") as f:
        rows = [[v.strip() for v in r] for r in csv.reader(f, delimiter=delimiter, skipinitialspace=True) if r]
    names = rows.pop(0) if header else [str(k) for k in range(len(rows[0]))]
    for r in rows:
        for k, v in enumerate(r):
            r[k] = None if v in NOTHING else v
            if r[k] and decimal == "," and v.replace(",", "").replace("-", "").isdigit():
                r[k] = v.replace(",", ".")
    return [dict(zip(names, r)) for r in rows], names


def is_number(rows, name):
    try:
        return [float(r[name]) for r in rows if r[name] is not None] != []
    except ValueError:
        return False


def prepare(name, train, test, target, drop=(), words=(), number="median", category="own", indicator=False,
            scale="standardize", classes=True, **how):
    rows, names = read(train, **how)
    more, _ = read(test, **how)
    parts, tests, gaps, more_gaps = [], [], [], []
    for column in names:
        if column == target or column in drop:
            continue
        if is_number(rows, column) and column not in words:
            take = lambda rs: np.array([[np.nan if r[column] is None else float(r[column])] for r in rs])
            encode = make_pipeline(SimpleImputer(strategy=number))
            if np.isnan(take(rows)).any():
                gaps.append(np.isnan(take(rows)))
                more_gaps.append(np.isnan(take(more)))
        elif category == "own":
            take = lambda rs: np.array([[r[column] if r[column] is not None else "~"] for r in rs], object)
            encode = make_pipeline(OneHotEncoder(sparse_output=False, handle_unknown="ignore"))
        else:
            take = lambda rs: np.array([[np.nan if r[column] is None else r[column]] for r in rs], object)
            encode = make_pipeline(SimpleImputer(strategy="most_frequent"),
                                   OneHotEncoder(sparse_output=False, handle_unknown="ignore"))
        parts.append(encode.fit_transform(take(rows)))
        tests.append(encode.transform(take(more)))
    if indicator:
        parts += gaps
        tests += more_gaps
    x, z = np.hstack(parts).astype(float), np.hstack(tests).astype(float)
    scaler = (MinMaxScaler() if scale == "min_max" else StandardScaler()).fit(x)
    x, z = scaler.transform(x), scaler.transform(z)
    kinds = sorted({r[target] for r in rows})
    value = (lambda r: kinds.index(r[target])) if classes else (lambda r: float(r[target]))
    with open(name + ".prepared", "w") as f:
        f.write(f"{len(rows)} {len(more)} {x.shape[1]}\n")
        for row, v in zip(np.vstack([x, z]), [value(r) for r in rows + more]):
            f.write(" ".join(f"{a:.9g}" for a in row) + f" {v:g}\n")


prepare("penguins", "penguins.csv", "penguins-test.csv", "species")
prepare("titanic", "titanic.csv", "titanic-test.csv", "Survived", drop=("PassengerId", "Name", "Ticket", "Cabin"),
        words=("Pclass",), number="mean", category="most_frequent", indicator=True)
prepare("adult", "adult.data", "adult.test", "13", category="most_frequent", header=False)
prepare("diamonds", "diamonds.csv", "diamonds-test.csv", "price", drop=("",), scale="min_max", classes=False,
        delimiter=";", decimal=",")
