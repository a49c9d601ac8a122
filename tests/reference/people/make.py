#!/usr/bin/env python3
"""Tables with the dirt of well-known ones, made by a seed, and what scikit-learn makes of them.

    python3 make.py       # needs numpy, pandas and scikit-learn; writes into its own folder

NAME.csv are the training rows, NAME-held.csv those that are held out, NAME.json what a pipeline of SimpleImputer
(the median of numbers, a word of its own for a category), OneHotEncoder, StandardScaler and MLPClassifier gives:
every STEP-th prepared row of both files, each column's sum and weighted sum over all rows (row i counts i % 7 + 1),
and the accuracy on the held-out rows for five seeds. No row is that of a real person, penguin, ship or stone.
"""
import csv
import json
import os

import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = os.path.dirname(os.path.abspath(__file__))
STEP = 29


def holes(rng, values, share, word):
    return [word if rng.random() < share else v for v in values]


def penguins(rng):
    n = 344
    kind = rng.choice(3, n, p=[0.44, 0.2, 0.36])
    names = np.array(["Adelie", "Chinstrap", "Gentoo"])
    island = [rng.choice([["Biscoe", "Dream", "Torgersen"], ["Dream"], ["Biscoe"]][k]) for k in kind]
    male = rng.random(n) < 0.5
    bill = np.array([38.8, 48.8, 47.5])[kind] + 1.8 * male + rng.normal(0, 2.2, n)
    depth = np.array([18.3, 18.4, 15.0])[kind] + 0.9 * male + rng.normal(0, 0.9, n)
    flipper = np.array([190, 196, 217])[kind] + 4 * male + rng.normal(0, 5.5, n)
    mass = np.array([3700, 3730, 5080])[kind] + 400 * male + rng.normal(0, 330, n)
    gone = rng.random(n) < 0.02  # nothing was measured
    number = lambda v, f: ["NA" if g else f % x for g, x in zip(gone, v)]
    return pd.DataFrame({
        "species": names[kind], "island": island,
        "bill_length_mm": number(bill, "%.1f"), "bill_depth_mm": number(depth, "%.1f"),
        "flipper_length_mm": number(flipper, "%.0f"), "body_mass_g": number(np.round(mass / 25) * 25, "%.0f"),
        "sex": ["NA" if g else s for g, s in zip(gone | (rng.random(n) < 0.03), np.where(male, "male", "female"))],
        "year": rng.choice([2007, 2008, 2009], n)}), "species", []


def titanic(rng):
    n = 900
    sex = np.where(rng.random(n) < 0.65, "male", "female")
    pclass = rng.choice([1, 2, 3], n, p=[0.24, 0.21, 0.55])
    age = np.clip(rng.gamma(5, 6, n), 0.4, 80)
    sibsp = rng.choice([0, 1, 2, 3, 4], n, p=[0.68, 0.23, 0.04, 0.03, 0.02])
    fare = np.round(np.exp(rng.normal([0, 4.2, 2.9, 2.3][0] + np.array([0, 4.2, 2.9, 2.3])[pclass], 0.5)), 4)
    z = 2.6 * (sex == "female") - 1.1 * (pclass - 2) - 0.03 * (age - 28) - 0.3 * sibsp - 0.9
    survived = (rng.random(n) < 1 / (1 + np.exp(-1.6 * z))).astype(int)
    first = rng.choice(["John", "William", "Anna", "Mary", "Ivan", "Elin"], n)
    last = rng.choice(["Braund", "O'Brien", "van Melle", "Åkerström", "Müller", "Vestrøm"], n)
    name = ['%s, Mr. %s "%s"' % (b, a, a[:2]) if i % 9 == 0 else "%s, %s" % (b, a) for i, (a, b) in enumerate(zip(first, last))]
    deck = [("" if rng.random() < 0.77 else "%s%d" % (rng.choice(list("ABCDE")), rng.integers(1, 120))) for _ in range(n)]
    return pd.DataFrame({
        "PassengerId": np.arange(1, n + 1), "Survived": survived, "Pclass": pclass, "Name": name, "Sex": sex,
        "Age": holes(rng, ["%g" % round(a, 1) for a in age], 0.2, ""), "SibSp": sibsp,
        "Ticket": ["A/5 %d" % t if t % 3 == 0 else "%d" % t for t in rng.integers(10000, 99999, n)],
        "Fare": ["%g" % f for f in fare], "Cabin": deck,
        "Embarked": holes(rng, rng.choice(list("SCQ"), n, p=[0.72, 0.19, 0.09]), 0.01, "")}), "Survived", [
            "PassengerId", "Name", "Ticket", "Cabin"]


def adult(rng):
    n = 1500
    school = np.array(["9th", "HS-grad", "Some-college", "Bachelors", "Masters"])
    e = rng.choice(5, n, p=[0.12, 0.36, 0.24, 0.2, 0.08])
    age = np.clip(rng.normal(39, 13, n), 17, 90).astype(int)
    sex = np.where(rng.random(n) < 0.67, "Male", "Female")
    married = rng.random(n) < 0.47
    hours = np.clip(rng.normal(40, 11, n), 1, 99).astype(int)
    gain = np.where(rng.random(n) < 0.08, np.round(np.exp(rng.normal(8.8, 0.7, n))), 0).astype(int)
    z = 1.0 * (e - 2) + 2.0 * married + 0.03 * (age - 39) + 0.03 * (hours - 40) + 0.0002 * gain - 2.1
    rich = rng.random(n) < 1 / (1 + np.exp(-1.5 * z))
    return pd.DataFrame({
        "age": age, "workclass": holes(rng, rng.choice(["Private", "Self-emp-not-inc", "Local-gov", "State-gov"], n, p=[.75, .1, .1, .05]), 0.05, "?"),
        "fnlwgt": rng.integers(12285, 1484705, n), "education": school[e],
        "marital-status": np.where(married, "Married-civ-spouse", rng.choice(["Never-married", "Divorced"], n)),
        "sex": sex, "capital-gain": gain, "hours-per-week": hours,
        "native-country": holes(rng, rng.choice(["United-States", "Mexico", "Trinadad&Tobago", "Outlying-US(Guam-USVI-etc)"], n, p=[.9, .06, .02, .02]), 0.02, "?"),
        "income": np.where(rich, ">50K", "<=50K")}), "income", ["fnlwgt"]


def diamonds(rng):
    n = 1200
    quality = rng.choice(5, n, p=[0.05, 0.1, 0.22, 0.25, 0.38])
    names = np.array(["Fair", "Good", "Very Good", "Premium", "Ideal"])
    carat = np.round(np.exp(rng.normal(-0.4, 0.55, n)), 2) + 0.2
    depth = np.round(np.array([64.6, 62.3, 61.8, 61.2, 61.7])[quality] + rng.normal(0, 1, n) * np.array([2.5, 1.6, 1.0, 0.8, 0.5])[quality], 1)
    table = np.round(np.array([59.0, 58.7, 57.9, 58.9, 55.9])[quality] + rng.normal(0, 1.1, n))
    x = np.round(6.45 * carat ** (1 / 3), 2)
    x[rng.random(n) < 0.004] = 0  # zeros for what was not measured
    color = rng.choice(list("DEFGHIJ"), n)
    clarity = rng.choice(["IF", "SI1", "SI2", "VS1", "VS2", "I1"], n)
    price = np.round(3900 * carat ** 1.7 * np.exp(rng.normal(0, 0.1, n))).astype(int)
    good = np.where(quality >= 3, "yes", "no")
    return pd.DataFrame({
        "": np.arange(1, n + 1), "carat": carat.round(2), "color": color, "clarity": clarity, "depth": depth, "table": table,
        "price": price, "x": x, "fine": good}), "fine", ["0"]


HOW = {
    "penguins": (penguins, {}),
    "titanic": (titanic, {}),
    "adult": (adult, {"sep": ", "}),
    "diamonds": (diamonds, {"quoting": csv.QUOTE_NONNUMERIC}),
}
MISSING = {"", "NA", "?"}


def write(name, how, frame, held):
    """As such files are: pandas' own for most, with a blank behind each comma for adult."""
    for part, tail in ((frame, ""), (held, "-held")):
        path = os.path.join(HERE, name + tail + ".csv")
        if how.get("sep") == ", ":
            with open(path, "w", encoding="utf-8") as f:
                f.write(", ".join(part.columns) + "\n")
                for row in part.itertuples(index=False):
                    f.write(", ".join(str(v) for v in row) + "\n")
        else:
            part.to_csv(path, index=False, **how)


def prepare(train, held, columns):
    """Both tables as matrices, in the order of the columns."""
    names, parts = [], ([], [])
    for c in columns:
        values = [[np.nan if str(v) in MISSING else v for v in t[c]] for t in (train, held)]
        try:
            numbers = [np.array([float(v) for v in part]).reshape(-1, 1) for part in values]
        except ValueError:
            words = sorted({str(v) for v in values[0] if v == v})
            some = any(v != v for v in values[0])
            fill = SimpleImputer(strategy="constant", fill_value="(none)", missing_values=np.nan)
            encode = OneHotEncoder(categories=[words + ["(none)"] * some], sparse_output=False)
            numbers = [np.array(v, dtype=object).reshape(-1, 1) for v in values]
            numbers = [fill.fit_transform(numbers[0]), fill.transform(numbers[1])]
            numbers = [encode.fit_transform(numbers[0]), encode.transform(numbers[1])]
            names += ["%s=%s" % (c, w) for w in words + ["(none)"] * some]
        else:
            fill = SimpleImputer(strategy="median")
            numbers = [fill.fit_transform(numbers[0]), fill.transform(numbers[1])]
            names.append(c)
        for to, part in zip(parts, numbers):
            to.append(part)
    x = [np.hstack(p) for p in parts]
    scale = StandardScaler().fit(x[0])
    return names, scale.transform(x[0]), scale.transform(x[1])


def digits(v):
    return [float("%.9g" % x) for x in v]


def main():
    for name, (make, how) in HOW.items():
        frame, target, drop = make(np.random.default_rng(sum(map(ord, name))))
        cut = len(frame) * 2 // 3
        train, held = frame[:cut], frame[cut:]
        write(name, how, train, held)
        columns = [c for c in frame.columns if c != target and c not in drop and c != ""]
        names, x, y = prepare(train, held, columns)
        scores = []
        for seed in range(1, 6):
            net = MLPClassifier((16,), alpha=0, batch_size=32, learning_rate_init=0.005, max_iter=15, tol=0,
                                n_iter_no_change=1000, random_state=seed)
            net.fit(x, train[target])
            scores.append(net.score(y, held[target]))
        told = {"about": "scikit-learn %s, see make.py" % sklearn.__version__, "columns": names, "step": STEP,
                "accuracy": digits(scores), "mean_accuracy": float("%.9g" % np.mean(scores)), "splits": {}}
        for split, m in (("train", x), ("validation", y)):
            weight = np.arange(len(m)) % 7 + 1
            told["splits"][split] = {"rows": len(m), "every": [digits(r) for r in m[::STEP]],
                                     "sum": digits(m.sum(axis=0)), "weighted": digits(weight @ m)}
        with open(os.path.join(HERE, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(told, f, separators=(",", ":"))
            f.write("\n")
        print(name, np.round(scores, 3), np.mean(scores), len(names))


if __name__ == "__main__":
    import warnings
    warnings.filterwarnings("ignore")
    main()
