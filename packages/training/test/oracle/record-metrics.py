"""Records scikit-learn's metrics in float64, as metrics.jsonl beside this file.

    python3 test/oracle/record-metrics.py        # needs scikit-learn; the tests need only the numbers

Each line is a case: predictions and targets, and the value of each metric by the name that the test asks for.
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import metrics as sk

warnings.simplefilter("ignore")
random = np.random.default_rng(41)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def scores(labels, predicted, **options):
    functions = dict(precision=sk.precision_score, recall=sk.recall_score, f1=sk.f1_score)
    return {name: f(labels, predicted, zero_division=0, **options) for name, f in functions.items()}


def by_class(labels, predicted, classes):
    p, r, f, n = sk.precision_recall_fscore_support(labels, predicted, labels=range(classes), zero_division=0)
    return dict(precision=p, recall=r, f1=f, support=n)


def binary(label, logits, labels, threshold=0):
    predicted = (logits > threshold).astype(int)
    both = len(set(labels)) == 2
    return dict(
        kind="binary", label=label, threshold=threshold, predictions=logits, targets=labels,
        values=dict(accuracy=sk.accuracy_score(labels, predicted), **scores(labels, predicted)),
        auc=sk.roc_auc_score(labels, logits) if both else None,
        confusion=sk.confusion_matrix(labels, predicted, labels=[0, 1]), classes=by_class(labels, predicted, 2),
    )


def multiclass(label, logits, labels):
    classes = logits.shape[1]
    predicted = logits.argmax(-1)
    averages = {a: scores(labels, predicted, average=a) for a in ["macro", "micro", "weighted"]}
    p = softmax(logits)
    one = [sk.roc_auc_score(labels == c, p[:, c]) if 0 < (labels == c).sum() < len(labels) else None for c in range(classes)]
    whole = None not in one and classes > 2  # of two columns scikit-learn wants one
    area = {a: sk.roc_auc_score(labels, p, multi_class="ovr", average=a) if whole else None for a in ["macro", "weighted"]}
    columns = logits if classes > 2 else logits[:, 1] - logits[:, 0]
    k = {str(k): sk.top_k_accuracy_score(labels, columns, k=k, labels=range(classes)) for k in [1, 2, 3]}
    return dict(
        kind="multiclass", label=label, predictions=logits, targets=labels,
        accuracy=sk.accuracy_score(labels, predicted), averages=averages, topK=k, auc=area, aucByClass=one,
        confusion=sk.confusion_matrix(labels, predicted, labels=range(classes)), classes=by_class(labels, predicted, classes),
    )


def regression(label, predictions, targets):
    return dict(
        kind="regression", label=label, predictions=predictions, targets=targets,
        values=dict(
            meanAbsoluteError=sk.mean_absolute_error(targets, predictions),
            meanSquaredError=sk.mean_squared_error(targets, predictions),
            r2=sk.r2_score(targets, predictions) if len(targets) > 1 else None,
        ),
    )


def logits(rows, classes, labels, strength=1.0):
    return random.normal(size=(rows, classes)) + strength * np.eye(classes)[labels]


few = random.integers(0, 2, 41)
ties = np.round(random.normal(size=60) + 0.8 * (tied := random.integers(0, 2, 60)), 0)
four = random.integers(0, 4, 53)
sparse = random.choice([0, 2, 4], 30)
line = random.normal(size=(37, 3))
cases = [
    binary("logits", random.normal(size=41) + 1.5 * few, few),
    binary("probabilities", 1 / (1 + np.exp(-random.normal(size=41) - 1.5 * few)), few, threshold=0.5),
    binary("ties", ties, tied),
    binary("nothing predicted", -np.abs(random.normal(size=9)), random.integers(0, 2, 9)),
    binary("no positives", random.normal(size=9), np.zeros(9, int)),
    binary("nothing but positives", random.normal(size=9), np.ones(9, int)),
    multiclass("four classes", logits(53, 4, four), four),
    multiclass("classes without labels", logits(30, 6, sparse, 3.0), sparse),
    multiclass("two columns", logits(41, 2, few), few),
    regression("one output", line[:, 0] + 0.3 * random.normal(size=37), line[:, 0]),
    regression("three outputs", line + random.normal(size=(37, 3)) * [0.1, 0.5, 2], line),
    regression("far from 0", 1e6 + line + 0.3 * random.normal(size=(37, 3)), 1e6 + line),
    regression("constant targets", random.normal(size=8), np.full(8, 0.7)),
    regression("constant targets, met", np.full(8, 0.5), np.full(8, 0.5)),
    regression("a constant output and another", np.stack([np.ones(8), np.arange(8.0)], 1), np.stack([np.zeros(8), np.arange(8.0) ** 2], 1)),
    regression("one sample", np.array([1.5]), np.array([1.0])),
]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(of) for key, of in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(of) for of in value]
    return value.item() if isinstance(value, np.generic) else value


with open(pathlib.Path(__file__).with_name("metrics.jsonl"), "w") as file:
    for case in cases:
        print(json.dumps(plain(case), separators=(",", ":")), file=file)
