// Metrics beside scikit-learn's, however the samples are cut into batches, in loops of one's own and in a compiled evaluation.

import { readFileSync } from "node:fs";
import { DataError, OptionError, ShapeError, type Tensor, tensor } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import {
  accuracy,
  auc,
  binaryAccuracy,
  classScores,
  confusionMatrix,
  evaluateMetric,
  f1,
  type Metric,
  MetricState,
  metrics,
  precision,
  r2,
  recall,
  topKAccuracy,
} from "../src/index.ts";

type Nested = number | readonly Nested[];
interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}
interface Counted {
  readonly label: string;
  readonly predictions: Nested;
  readonly targets: readonly number[];
  readonly confusion: readonly (readonly number[])[];
  readonly classes: Readonly<Record<keyof Scores | "support", readonly number[]>>;
}
interface Binary extends Counted {
  readonly kind: "binary";
  readonly threshold: number;
  readonly values: Scores & { readonly accuracy: number };
  readonly auc: number | null;
}
interface Multiclass extends Counted {
  readonly kind: "multiclass";
  readonly accuracy: number;
  readonly averages: Readonly<Record<"macro" | "micro" | "weighted", Scores>>;
  readonly topK: Readonly<Record<"1" | "2" | "3", number>>;
  readonly auc: Readonly<Record<"macro" | "weighted", number | null>>;
  readonly aucByClass: readonly (number | null)[];
}
interface Regression {
  readonly kind: "regression";
  readonly label: string;
  readonly predictions: Nested;
  readonly targets: Nested;
  readonly values: Readonly<Record<"meanAbsoluteError" | "meanSquaredError" | "r2", number | null>>;
}
type Case = Binary | Multiclass | Regression;

const cases = readFileSync(new URL("oracle/metrics.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): Case => JSON.parse(line)); // what the script beside it wrote

const floats = (values: Nested): Tensor => tensor(values as number[], { dtype: "float64" }); // cast: any depth
const whole = (values: readonly number[]): Tensor => tensor([...values], { dtype: "int32" });

/** The metric of batches of unequal sizes, run as `measure` says. */
function inBatches(metric: Metric, x: Tensor, y: Tensor, size: number, measure = metric.measure.bind(metric)): number {
  const state = new MetricState(metric);
  const length = x.shape[0] ?? 0;
  for (let start = 0; start < length; start += size) {
    const end = Math.min(length, start + size);
    state.addMeasured(measure(x.slice([start, end]), y.slice([start, end])), end - start);
  }
  expect(state.samples).toBe(length);
  return state.value;
}

/** At once, in batches of several sizes, and compiled; in float64 and float32. */
function expectValue(metric: Metric, x: Tensor, y: Tensor, wanted: number | null, float32 = 2e-6): void {
  const expected = wanted ?? Number.NaN;
  const close = (value: number, tolerance: number): void => {
    if (Number.isNaN(expected)) expect(value).toBeNaN();
    else expect(Math.abs(value - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));
  };
  close(evaluateMetric(metric, x, y), 1e-12);
  for (const size of [1, 7, 16]) close(inBatches(metric, x, y, size), 1e-12);
  const single = x.cast("float32");
  const target = y.dtype === "float64" ? y.cast("float32") : y;
  close(inBatches(metric, single, target, 16), float32);
  const program = compile((a: Tensor, b: Tensor) => metric.measure(a, b));
  close(inBatches(metric, single, target, 16, program), float32);
}

const kinds = { precision, recall, f1 };

describe.each(cases.filter((of) => of.kind === "binary"))("binary: $label", (of) => {
  const [x, y] = [floats(of.predictions), whole(of.targets)];
  const { threshold } = of;

  test.each(["precision", "recall", "f1"] as const)("%s", (name) => {
    expectValue(kinds[name]({ threshold }), x, y, of.values[name]);
    expectValue(kinds[name]({ threshold, class: 0 }), x, y, of.classes[name][0] ?? null);
  });

  test("accuracy, and AUC", () => {
    expectValue(binaryAccuracy({ threshold }), x, y, of.values.accuracy);
    if (threshold === 0) expectValue(accuracy, x, y, of.values.accuracy);
    expectValue(auc(), x, y, of.auc);
    expectValue(auc({ class: 0 }), x.neg(), y, of.auc === null ? null : 1 - of.auc);
  });

  test("columns and float targets say the same", () => {
    const [column, truth] = [x.unsqueeze(-1), y.cast("float64")];
    for (const target of [y, truth, y.unsqueeze(-1), truth.unsqueeze(-1), y.eq(1)]) {
      expect(evaluateMetric(f1({ threshold }), column, target)).toBeCloseTo(of.values.f1, 12);
      expect(evaluateMetric(binaryAccuracy({ threshold }), column, target)).toBeCloseTo(of.values.accuracy, 12);
    }
  });

  test("the confusion matrix, and the values of each class", () => {
    const matrix = confusionMatrix(x, y, { threshold });
    expect(matrix.toArray()).toEqual(of.confusion);
    for (const [name, values] of Object.entries(classScores(matrix))) {
      expect(values).toEqual(of.classes[name as keyof Scores].map((value) => expect.closeTo(value, 12)));
    }
  });
});

describe.each(cases.filter((of) => of.kind === "multiclass"))("multiclass: $label", (of) => {
  const [x, y] = [floats(of.predictions), whole(of.targets)];
  const classes = x.shape.at(-1) ?? 0;

  test.each(["precision", "recall", "f1"] as const)("%s", (name) => {
    for (const average of ["macro", "micro", "weighted"] as const) {
      expectValue(kinds[name]({ average }), x, y, of.averages[average][name]);
    }
    for (const [kind, wanted] of of.classes[name].entries()) {
      expect(evaluateMetric(kinds[name]({ class: kind }), x, y)).toBeCloseTo(wanted, 12);
    }
  });

  test("accuracy, and that of the k greatest", () => {
    expectValue(accuracy, x, y, of.accuracy);
    const ks = [1, 2, 3] as const;
    for (const k of ks.filter((count) => count <= classes)) expectValue(topKAccuracy(k), x, y, of.topK[k]);
    const oneHot = y
      .unsqueeze(-1)
      .eq(whole([...Array(classes).keys()]))
      .cast("float64");
    expectValue(accuracy, x, oneHot, of.accuracy);
    expectValue(f1({ average: "macro" }), x, oneHot, of.averages.macro.f1);
  });

  test("AUC of each class against all others, from logits and from probabilities", () => {
    for (const [kind, wanted] of of.aucByClass.entries()) {
      expectValue(auc({ class: kind }), x, y, wanted);
      expectValue(auc({ class: kind, from: "probabilities" }), x.softmax(-1), y, wanted);
    }
    for (const average of ["macro", "weighted"] as const) {
      if (of.auc[average] !== null && classes > 2) expectValue(auc({ average }), x, y, of.auc[average]);
    }
    const defined = of.aucByClass.filter((value) => value !== null);
    if (classes > 2) expectValue(auc(), x, y, defined.reduce((sum, value) => sum + value, 0) / defined.length);
  });

  test("the confusion matrix of scores, and of class numbers", () => {
    expect(confusionMatrix(x, y).toArray()).toEqual(of.confusion);
    const matrix = confusionMatrix(x.argMax(-1), y, { classes });
    expect(matrix.toArray()).toEqual(of.confusion);
    expect(classScores(matrix).support).toEqual(of.classes.support);
  });
});

describe.each(cases.filter((of) => of.kind === "regression"))("regression: $label", (of) => {
  const [x, y] = [floats(of.predictions), floats(of.targets)];
  const far = of.label === "far from 0"; // where float32 has steps of 0.06

  test.each(["meanAbsoluteError", "meanSquaredError"] as const)("%s", (name) => {
    expectValue(metrics[name], x, y, of.values[name], far ? 0.1 : 2e-6);
  });

  test("r2", () => expectValue(r2, x, y, of.values.r2, far ? 0.05 : 2e-5));
});

describe("what is refused", () => {
  const x = tensor([
    [1, 2, 3],
    [3, 2, 1],
  ]);
  const labels = whole([0, 1]);

  test("options out of range", () => {
    expect(() => precision({ average: "mean" as "macro" })).toThrow("precision: average must be binary, macro, micro");
    expect(() => recall({ threshold: Number.NaN })).toThrow(OptionError);
    expect(() => f1({ class: -1 })).toThrow(OptionError);
    expect(() => f1({ class: 1, average: "macro" })).toThrow('f1: average "macro" and class 1 exclude each other');
    expect(() => f1({ klass: 1 } as object)).toThrow("f1: there is no option klass; there are average, class");
    expect(() => auc({ curve: "PR" } as object)).toThrow("auc: there is no option curve");
    expect(() => topKAccuracy(0)).toThrow("topKAccuracy: k must be a whole number ≥ 1, got 0");
  });

  test("three classes without an average, a class that there is not", () => {
    expect(() => evaluateMetric(f1(), x, labels)).toThrow(
      "f1: of 3 classes one number cannot be made without an average",
    );
    expect(() => evaluateMetric(f1({ class: 3 }), x, labels)).toThrow("f1: class must be below 3");
    expect(() => evaluateMetric(topKAccuracy(4), x, labels)).toThrow(/k/);
  });

  test("labels that are no classes, and shapes that do not fit", () => {
    expect(() => evaluateMetric(precision({ average: "macro" }), x, whole([0, 3]))).toThrow(DataError);
    expect(() => evaluateMetric(auc(), x, whole([0, 3]))).toThrow("auc: label 3 in row 1 is no class");
    expect(() => confusionMatrix(x, whole([-1, 0]))).toThrow(DataError);
    expect(() => evaluateMetric(precision(), tensor([1, 2]), tensor([[1], [0]]))).toThrow(ShapeError);
    expect(() => evaluateMetric(r2, tensor([1, 2]), tensor([[1], [2]]))).toThrow(
      "r2: predictions [2] and targets [2,1]",
    );
    expect(() => evaluateMetric(metrics.meanAbsoluteError, tensor([1]), tensor([[1]]))).toThrow(ShapeError);
  });

  test("a confusion matrix of class numbers without their number, and what is none", () => {
    expect(() => confusionMatrix(labels, labels)).toThrow("confusionMatrix: predictions are class numbers, not scores");
    expect(() => confusionMatrix(x, labels, { classes: 4 })).toThrow("classes must be 3, as the scores say");
    expect(() => classScores(tensor([[1, 2]]))).toThrow("classScores: expected a confusion matrix");
    expect(() => classScores(tensor([[0.5]]))).toThrow("classScores: 0.5 in row 0, column 0 is no count");
  });
});
