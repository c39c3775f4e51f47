// Threads: the same bits for any number of them, programs that were there before them, and a worker that dies.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { conv2d } from "../../src/convolution.ts";
import {
  argMax,
  batchNorm,
  dropout,
  Generator,
  gather,
  OptionError,
  oneHot,
  randint,
  scatterAdd,
  softmax,
  sort,
  type Tensor,
  takeAlongAxis,
  tensor,
  uniform,
  Variable,
  WorkerError,
} from "../../src/index.ts";
import { getThreads, setThreads } from "../../src/threads.ts";
import { control } from "../../src/wasm/control.ts";
import { parallel } from "../../src/wasm/parallel.ts";
import { Network } from "./lecture.ts";

interface Stoppable {
  terminate(): Promise<number>;
}

// Every worker that starts is noted, so that a test can end one.
const started: Stoppable[] = [];
const nodeWorkers = process.getBuiltinModule("node:worker_threads");
const { Worker: NodeWorker } = nodeWorkers;
nodeWorkers.Worker = class extends NodeWorker {
  constructor(...args: ConstructorParameters<typeof NodeWorker>) {
    super(...args);
    started.push(this);
  }
};
afterAll(async () => {
  nodeWorkers.Worker = NodeWorker;
  await setThreads(1);
});

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** With how many threads the segments of a call ran. */
function partsOf(call: () => unknown): number {
  const threads = parallel();
  if (threads === null) return 1;
  const words = new Int32Array(threads.memory.memory.buffer);
  words[control.parts / 4] = 1;
  call();
  return words[control.parts / 4] ?? 1;
}

/** Calls until all threads take part: workers load a program between calls. */
async function untilParts(parts: number, call: () => unknown): Promise<void> {
  for (let attempt = 0; attempt < 2000; attempt++) {
    if (partsOf(call) === parts) return;
    await pause(1);
  }
  throw new Error(`${parts} threads never took part`);
}

const bits = (values: readonly Tensor[]): string =>
  values.map((value) => Buffer.from(Float64Array.from(value.toTypedArray()).buffer).toString("base64")).join(" ");

const counts = [1, 2, 3, 4];

test("a worker that is awake already does not begin before it is told what", async () => {
  await setThreads(2);
  const x = uniform([4096]);
  const add = compile((x: Tensor) => x.add(1));
  const twice = compile((x: Tensor) => x.mul(2));
  await untilParts(2, () => add(x));
  await untilParts(2, () => twice(x));
  // A slow main thread: time passes while it says which program is next.
  const { store } = Atomics;
  Object.defineProperty(Atomics, "store", {
    configurable: true,
    writable: true,
    value: (words: Int32Array<ArrayBufferLike>, index: number, value: number): number => {
      const until = performance.now() + (index === control.program / 4 ? 1 : 0);
      while (performance.now() < until);
      return store(words, index, value);
    },
  });
  try {
    for (let call = 0; call < 100; call++) {
      // Other numbers each time: what a worker left out would be those of the call before.
      const y = tensor(Float32Array.from({ length: 4096 }, (_, index) => index + call));
      expect(bits([add(y)]) === bits([y.add(1)])).toBe(true);
      expect(bits([twice(y)]) === bits([y.mul(2)])).toBe(true);
    }
  } finally {
    Object.defineProperty(Atomics, "store", { configurable: true, writable: true, value: store });
  }
});

describe("identical bits for 1, 2, 3 and 4 threads", () => {
  const shapes: readonly (readonly number[])[] = [
    [1, 3],
    [3, 1],
    [17, 5],
    [5, 17],
    [64, 33],
    [130, 8],
    [7, 4, 9],
  ];
  type Body = (x: Tensor, generator: Generator) => readonly Tensor[];
  const bodies: Record<string, Body> = {
    elementwise: (x) => [x.mul(2).exp().add(x.slice(0))],
    "transposed and broadcast": (x) => [x.transpose().tanh().add(1), x.unsqueeze(0).add(x.sum(0))],
    sums: (x) => [x.sum(0), x.sum(-1), x.sum(), x.exp().mean()],
    softmax: (x) => [softmax(x), softmax(x, 0)],
    normalization: (x) => [batchNorm(x, 1, 0).output],
    products: (x) => [x.matmul(x.transpose()), x.transpose().matmul(x)],
    "epilogues of products and convolutions": (x) => {
      const images: Tensor = x.reshape([1, x.shape[0] ?? 1, -1, 1]);
      const filters = tensor(Float32Array.from({ length: 54 }, (_, index) => Math.sin(index))).reshape([3, 3, 1, 6]);
      const gray = conv2d(images, filters, { padding: "same" }).add(0.1).relu();
      const color = conv2d(gray, filters.reshape([3, 3, 6, 1]), { padding: "same" })
        .mul(2)
        .add(images);
      return [x.matmul(x.transpose()).mul(2).relu(), x.transpose().matmul(x).add(x.sum()), gray, color];
    },
    "random numbers": (x, generator) => [dropout(x, 0.5, { generator }), uniform([33], { generator })],
    "with eager operations between": (x) => [sort(x.exp()).values.mul(2)],
    indexing: (x) => {
      const table: Tensor = x.reshape([x.shape[0] ?? 1, -1]);
      const best: Tensor = argMax(table, 1, { keepDims: true });
      const at: Tensor = argMax(table, 0).mod(3);
      const rows = gather(table, at.mod(table.shape[0] ?? 1));
      return [
        argMax(x, 0),
        rows,
        scatterAdd(rows, at, [3, table.shape[1] ?? 1]),
        takeAlongAxis(table, best, 1),
        oneHot(at, 3),
      ];
    },
    "sums over axes in the middle": (x) => {
      const two: Tensor = tensor([1, 2]).reshape([2, ...x.shape.map(() => 1)]);
      const cube: Tensor = two.mul(x);
      return [cube.sum(1), cube.sum([0, x.rank]), cube.mean([0, 2])];
    },
  };

  /** The results of each body for each shape: of one number of threads after the other, since to start a worker takes longest. */
  const found = new Map<string, Map<string, Set<string>>>();

  beforeAll(async () => {
    for (const threads of counts) {
      expect(await setThreads(threads)).toBe(threads);
      for (const [name, body] of Object.entries(bodies)) await run(name, body, threads);
    }
  }, 120_000);

  async function run(name: string, body: Body, threads: number): Promise<void> {
    const ofBody = found.get(name) ?? new Map<string, Set<string>>();
    found.set(name, ofBody);
    for (const shape of shapes) {
      const x = uniform(shape, { low: -1, generator: new Generator(9) });
      const generator = new Generator(4);
      const compiled = compile((input: Tensor) => body(input, generator));
      const call = (): string => {
        generator.state = { seed: 4, calls: 0 };
        return bits(compiled(x));
      };
      const seen = ofBody.get(String(shape)) ?? new Set();
      seen.add(call());
      if (threads > 1) await untilParts(threads, call);
      for (let repeat = 0; repeat < 3; repeat++) seen.add(call());
      ofBody.set(String(shape), seen);
    }
  }

  test.each(Object.keys(bodies))("%s", (name) => {
    const seen = [...(found.get(name) ?? [])];
    expect(seen.map(([shape]) => shape)).toEqual(shapes.map(String));
    expect(seen.filter(([, results]) => results.size !== 1).map(([shape]) => shape)).toEqual([]);
  });

  test("a whole training step", async () => {
    const results: string[] = [];
    for (const threads of counts) {
      await setThreads(threads);
      const network = new Network({ widths: [40, 33, 17, 10] });
      const step = compile(network.step);
      const generator = new Generator(8);
      const losses: Tensor[] = [];
      for (let index = 0; index < 12; index++) {
        losses.push(step(uniform([23, 40], { generator }), randint([23], { high: 10, generator })));
        if (index % 4 === 0) await pause(10);
      }
      results.push(bits([...losses, ...network.variables]));
    }
    expect(new Set(results).size).toBe(1);
  });
});

describe("setting the number", () => {
  const make = () => {
    const w = new Variable(tensor([1, 2, 3]));
    return { w, grow: compile((x: Tensor) => w.assign(w.add(x))) };
  };
  const x = tensor([1, 1, 1]);

  test("threads come and go while programs exist", async () => {
    const { w, grow } = make();
    let calls = 0;
    for (const threads of [1, 2, 4, 1, "auto", 3, 1] as const) {
      await setThreads(threads);
      for (let call = 0; call < 5; call++) grow(x);
      await pause(10);
      for (let call = 0; call < 5; call++) grow(x);
      w.assign(w.add(0));
      calls += 10;
      expect(w.toArray()).toEqual([1 + calls, 2 + calls, 3 + calls]);
    }
    expect(grow.programs.length).toBe(1);
    expect(getThreads()).toBe(1);
  });

  test("calls while the threads are starting do not wait for them", async () => {
    const { w, grow } = make();
    const ready = setThreads(3);
    grow(x);
    grow(x);
    expect(await ready).toBe(3);
    grow(x);
    expect(w.toArray()).toEqual([4, 5, 6]);
  });

  test("auto finds out by itself, over hundreds of calls", async () => {
    await setThreads("auto");
    const { w, grow } = make();
    for (let call = 0; call < 300; call++) {
      grow(x);
      if (call % 50 === 0) await pause(1);
    }
    expect(w.toArray()).toEqual([301, 302, 303]);
  });

  test.each([0, -1, 1.5, 1000, Number.NaN])("%s is refused", async (threads) => {
    const before = getThreads();
    await expect(setThreads(threads)).rejects.toThrow(OptionError);
    await expect(setThreads(threads)).rejects.toThrow('setThreads: threads must be "auto" or a whole number from 1 to');
    expect(getThreads()).toBe(before);
  });
});

describe("a worker that dies", () => {
  const make = () => {
    const w = new Variable(uniform([64, 64], { generator: new Generator(1) }), { name: "w" });
    const grow = compile((x: Tensor) => {
      const y = w.matmul(x).tanh();
      w.assign(y);
      return y.sum();
    });
    const look = compile((x: Tensor) => x.matmul(x).sum());
    return { w, grow, look, x: uniform([64, 64], { generator: new Generator(2) }) };
  };

  test("between calls is replaced unseen", async () => {
    await setThreads(3);
    const { grow, x } = make();
    await untilParts(3, () => grow(x));
    await started.at(-1)?.terminate();
    await pause(1);
    expect(() => grow(x)).not.toThrow();
    await untilParts(3, () => grow(x));
  });

  test("within a call is an error within seconds; then the Variables are lost until they are assigned, and all goes on", async () => {
    await setThreads(3);
    const { w, grow, look, x } = make();
    await untilParts(3, () => grow(x));
    await untilParts(3, () => look(x));
    const expected = look(x).item();
    const values = w.toTypedArray();
    void started.at(-1)?.terminate();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300); // it is gone, and nobody has heard of it
    const start = performance.now();
    expect(() => grow(x)).toThrow(WorkerError);
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(look(x).item()).toBe(expected);
    expect(() => grow(x)).toThrow("Variable w was being written when a thread failed: assign or load its value again");
    expect(() => w.add(1)).toThrow("Variable w was being written when a thread failed");
    w.assign(values);
    grow(x);
    await untilParts(3, () => grow(x));
    expect(look(x).item()).toBe(expected);
  });
});
