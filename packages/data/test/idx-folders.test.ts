// Folders of IDX files in the form of MNIST, under the names that the sets are published with.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataError, OptionError } from "@gradus/core";
import { afterAll, expect, test } from "vitest";
import { mnist } from "../src/index.ts";
import { idxFile, imagesAndLabels } from "./files.ts";

const made: string[] = [];
afterAll(() => made.forEach((folder) => void rmSync(folder, { recursive: true })));

/** A folder with these files of 5 training and 3 test samples. */
function folderOf(names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "gradus-idx-"));
  made.push(folder);
  for (const name of names) {
    const count = /train/i.test(name) ? 5 : 3;
    const { images, labels } = imagesAndLabels(count);
    const plain = /image/i.test(name) ? images : labels;
    writeFileSync(join(folder, name), name.endsWith(".gz") ? gzipSync(plain) : plain);
  }
  return folder;
}

const published: Readonly<Record<string, readonly string[]>> = {
  "MNIST, Fashion-MNIST, KMNIST": [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
  ],
  unpacked: ["train-images.idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"],
  EMNIST: [
    "emnist-letters-train-images-idx3-ubyte.gz",
    "emnist-letters-train-labels-idx1-ubyte.gz",
    "emnist-letters-test-images-idx3-ubyte",
    "emnist-letters-test-labels-idx1-ubyte",
  ],
  "names of one's own": [
    "my.train.images.idx",
    "my.train.labels.idx",
    "my.test.images.idx.gz",
    "my.test.labels.idx.gz",
    "README.txt",
    "training-notes.idx.md",
  ],
};

test.each(Object.keys(published))("%s", async (set) => {
  const { train, test: held } = await mnist({ folder: folderOf(published[set] ?? []) });
  expect([train.length, held.length, train.batch([4]).targets.item()]).toEqual([5, 3, 4]);
});

test("several sets in a folder are told apart by prefix", async () => {
  const names = (published["EMNIST"] ?? []).flatMap((name) => [name, name.replace("letters", "digits")]);
  const folder = folderOf(names);
  await expect(mnist({ folder })).rejects.toThrow(DataError);
  await expect(mnist({ folder })).rejects.toThrow(
    /2 files could be .*: emnist-digits-.*, emnist-letters-.*; give prefix, or each file/,
  );
  expect((await mnist({ folder, prefix: "emnist-digits-" })).train.length).toBe(5);
  await expect(mnist({ folder, prefix: "emnist-none-" })).rejects.toThrow(
    "looked for emnist-none-train-images-idx3-ubyte and",
  );
  const wrong: string = JSON.parse("5");
  await expect(mnist({ folder, prefix: wrong })).rejects.toThrow(OptionError);
});

test("a name that says too little is not taken", async () => {
  await expect(
    mnist({ folder: folderOf(["train-images.bin", "train-labels.idx", "test-images.idx", "test-labels.idx"]) }),
  ).rejects.toThrow("no file of training images");
  const folder = folderOf(["train-images.idx", "train-labels.idx", "test-images.idx", "test-labels.idx"]);
  writeFileSync(join(folder, "train-images.idx"), idxFile("int32", [1, 1, 1], [7]));
  await expect(mnist({ folder })).rejects.toThrow("expected training images as uint8");
});
