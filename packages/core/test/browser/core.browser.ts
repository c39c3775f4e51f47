// The core in a browser: products, compiled functions, and threads where a page may have them.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { tensor, uniform, Variable } from "../../src/index.ts";
import { getThreads, setThreads } from "../../src/threads.ts";
import { features } from "../../src/wasm/features.ts";
import type { WorkerReport } from "./training-worker.ts";

test("this page is cross-origin isolated, and its engine has SIMD and threads", () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  expect(features()).toMatchObject({ webAssembly: true, simd: true, threads: true });
});

describe("eager", () => {
  test("products small and large are right", () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ])
        .matmul(
          tensor([
            [5, 6],
            [7, 8],
          ]),
        )
        .toArray(),
    ).toEqual([
      [19, 22],
      [43, 50],
    ]);
    const [a, b] = [uniform([70, 90]), uniform([90, 50])];
    const truth = a.cast("float64").matmul(b.cast("float64"));
    expect(a.matmul(b).cast("float64").sub(truth).abs().max().item()).toBeLessThan(1e-4);
  });

  test("gradients flow", () => {
    const w = new Variable(tensor([1, 2, 3]));
    w.mul(w).sum().backward();
    expect(w.grad?.toArray()).toEqual([2, 4, 6]);
  });
});

test("a compiled step trains like an eager one", () => {
  const run = (compiled: boolean): number[] => {
    const w = new Variable(tensor([[1], [-1]]));
    const step = (x: ReturnType<typeof tensor>): ReturnType<typeof tensor> => {
      const loss = x.matmul(w).tanh().square().mean();
      loss.backward();
      if (w.grad !== null) w.assign(w.sub(w.grad.mul(0.1)));
      w.grad = null;
      return loss;
    };
    const next = compiled ? compile(step) : step;
    const x = tensor([
      [1, 2],
      [3, 4],
      [-1, 0.5],
    ]);
    return Array.from({ length: 5 }, () => next(x).item());
  };
  const eager = run(false);
  expect(eager[4]).toBeLessThan(eager[0] ?? 0);
  for (const [index, loss] of run(true).entries()) expect(loss).toBeCloseTo(eager[index] ?? Number.NaN, 5);
});

describe("threads", () => {
  test("a page's main thread, which may not wait, stays at one", async () => {
    expect(await setThreads(2)).toBe(1);
    expect(getThreads()).toBe(1);
  });

  test("a module worker has two, and gets the bits of one", async () => {
    const worker = new Worker(new URL("training-worker.ts", import.meta.url), { type: "module" });
    try {
      const report = await new Promise<WorkerReport>((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<WorkerReport>) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
      expect(report.threads).toEqual([1, 2]);
      expect(report.hashes[1]).toBe(report.hashes[0]);
    } finally {
      worker.terminate();
    }
  });
});
