// Small IDX files made in memory, for the tests.

const codes = { uint8: 8, int8: 9, int16: 11, int32: 12, float32: 13, float64: 14 } as const;

/** An IDX file: header and big-endian elements. */
export function idxFile(
  dtype: keyof typeof codes,
  shape: readonly number[],
  values: readonly number[],
): Uint8Array<ArrayBuffer> {
  const bytes = { uint8: 1, int8: 1, int16: 2, int32: 4, float32: 4, float64: 8 }[dtype];
  const view = new DataView(new ArrayBuffer(4 + 4 * shape.length + bytes * values.length));
  view.setUint8(2, codes[dtype]);
  view.setUint8(3, shape.length);
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  for (const [index, value] of values.entries()) {
    const at = 4 + 4 * shape.length + bytes * index;
    if (dtype === "uint8" || dtype === "int8") view.setInt8(at, value);
    else if (dtype === "int16") view.setInt16(at, value);
    else if (dtype === "int32") view.setInt32(at, value);
    else if (dtype === "float32") view.setFloat32(at, value);
    else view.setFloat64(at, value);
  }
  return new Uint8Array(view.buffer);
}

/** Images of 2 × 2 whose pixels count up from 0 … and labels 0, 1, 2, …, modulo 10. */
export function imagesAndLabels(count: number): { images: Uint8Array<ArrayBuffer>; labels: Uint8Array<ArrayBuffer> } {
  const pixels = Array.from({ length: count * 4 }, (_, index) => index % 256);
  const labels = Array.from({ length: count }, (_, index) => index % 10);
  return { images: idxFile("uint8", [count, 2, 2], pixels), labels: idxFile("uint8", [count], labels) };
}

/** The message of the error that a function or promise throws, after a check of its class. */
export async function messageOf(kind: new (message: string) => Error, action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof kind) return error.message;
    throw error;
  }
  throw new Error(`expected a ${kind.name}, nothing was thrown`);
}
