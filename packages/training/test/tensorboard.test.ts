// Event files, read by a reader that shares nothing with the writer: a checksum computed bit by bit, and fields by number.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { meanSquaredError } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { expect, test } from "vitest";
import { Trainer } from "../src/index.ts";
import { TensorBoard } from "../src/tensorboard.ts";
import { Line, line } from "./models.ts";

/** CRC-32C, polynomial 0x1EDC6F41 reflected, one bit at a time. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** The messages of a TFRecord file, checksums tested. */
function messagesOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const unmask = (masked: number): number => {
    const rotated = (masked - 0xa282ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(unmask(view.getUint32(at + 8, true))).toBe(crc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(unmask(view.getUint32(at + 12 + length, true))).toBe(crc32c(data));
    messages.push(data);
    at += length + 16;
  }
  return messages;
}

/** The fields of a message: numbers, or bytes. */
function fieldsOf(bytes: Uint8Array): { readonly field: number; readonly value: number | Uint8Array }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const read: Readonly<Record<number, () => number | Uint8Array>> = {
    0: varint,
    1: () => {
      at += 8;
      return view.getFloat64(at - 8, true);
    },
    2: () => {
      const length = varint();
      at += length;
      return bytes.subarray(at - length, at);
    },
    5: () => {
      at += 4;
      return view.getFloat32(at - 4, true);
    },
  };
  const fields: { field: number; value: number | Uint8Array }[] = [];
  while (at < bytes.length) {
    const key = varint();
    fields.push({ field: key >> 3, value: read[key & 7]?.() ?? Number.NaN });
  }
  return fields;
}

const text = (value: unknown): string =>
  value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);

/** `step tag value` for each point of a file. */
function pointsOf(bytes: Uint8Array): string[] {
  const [version, ...events] = messagesOf(bytes).map(fieldsOf);
  expect(text(version?.find(({ field }) => field === 3)?.value)).toBe("brain.Event:2");
  return events.flatMap((event) => {
    const get = (field: number): number | Uint8Array | undefined => event.find((one) => one.field === field)?.value;
    expect(Math.abs(Number(get(1)) - Date.now() / 1000)).toBeLessThan(60);
    const summary = get(5);
    const values = summary instanceof Uint8Array ? fieldsOf(summary) : [];
    return values.map(({ value }) => {
      const [tag, simple] = value instanceof Uint8Array ? fieldsOf(value) : [];
      return `${get(2) ?? 0} ${text(tag?.value)} ${simple?.value}`;
    });
  });
}

const trainer = (): Trainer => {
  const model = new Line();
  return new Trainer({
    model,
    optimizer: new SGD(model.parameters(), { learningRate: 0 }),
    loss: meanSquaredError,
    compile: false,
  });
};

// y = 0 against 2x at x = 0 … 3: 16, 4 and 0 in reverse.
const options = { batchSize: 2, epochs: 2, shuffle: false, validationData: line(2), verbose: 0 } as const;

test("the files hold each epoch and each step, under Keras's names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradus-tensorboard-"));
  await trainer().fit(line(4), {
    ...options,
    callbacks: [new TensorBoard(join(folder, "run"), { every: { steps: 2 } })],
  });
  const read = async (part: string): Promise<string[]> => {
    const names = await readdir(join(folder, "run", part));
    expect(names).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d{10}\./)]);
    return pointsOf(await readFile(join(folder, "run", part, names[0] ?? "")));
  };
  expect(await read("train")).toEqual([
    "2 batch_loss 14",
    "0 epoch_loss 14",
    "0 epoch_learning_rate 0",
    "4 batch_loss 14",
    "1 epoch_loss 14",
    "1 epoch_learning_rate 0",
  ]);
  expect(await read("validation")).toEqual([
    "2 evaluation_loss_vs_iterations 2",
    "0 epoch_loss 2",
    "4 evaluation_loss_vs_iterations 2",
    "1 epoch_loss 2",
  ]);
  await rm(folder, { recursive: true });
});

test("the bytes go to a function where there are no files", async () => {
  const files = new Map<string, number>();
  const write = (path: string, { length }: Uint8Array): void => void files.set(path, (files.get(path) ?? 0) + length);
  await trainer().fit(line(4), { ...options, callbacks: [new TensorBoard("run", { write })] });
  expect([...files.keys()].map((path) => path.split("/")[0]).sort()).toEqual(["train", "validation"]);
});

test("options and folders that cannot be", async () => {
  expect(() => new TensorBoard("")).toThrow("TensorBoard: folder must be a path");
  expect(() => new TensorBoard("x", { every: { steps: 0 } })).toThrow("TensorBoard: every must be { steps: n }");
  const callbacks = [new TensorBoard("/dev/null/run")];
  await expect(trainer().fit(line(4), { ...options, callbacks })).rejects.toThrow(
    "TensorBoard: cannot make the folder",
  );
});
