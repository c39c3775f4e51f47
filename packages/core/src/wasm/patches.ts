// Patches in compiled programs: the pixels under each window laid side by side, or added back to the image, four channels at a time.

import { sizeOf } from "../shape.ts";
import type { Windows } from "../window.ts";
import type { Local } from "./assembler.ts";
import type { NativeKernel } from "./native.ts";
import { emitShare } from "./share.ts";
import { type Place, WindowLoop } from "./windows.ts";

/** What is computed: patches of images, or images of patches. */
export type Patching = "gather" | "add";

/** The kernel of unfold or fold. Threads divide the images. */
export function patchesKernel(kind: Patching, windows: Windows): NativeKernel {
  return {
    suits: (inputs, output) =>
      [...inputs, output].every(({ dtype, shape }) => dtype === "float32" && sizeOf(shape) > 0),
    scratchBytes: () => 0,
    emit:
      () =>
      (f, { inputs: [input = 0], output }, share) => {
        const { rows, columns, channels, batch } = windows;
        const [from, to] = emitShare(f, batch, share);
        const pixels = rows.input * columns.input;
        const values = rows.output * columns.output * rows.size * columns.size;
        // Pixels outside of the image read as 0; what no window covers stays 0.
        const imageBytes = 4 * channels * (kind === "gather" ? values : pixels);
        f.i32(output)
          .plus(from, imageBytes)
          .i32(0)
          .get(to)
          .get(from)
          .op("i32.sub")
          .i32(imageBytes)
          .op("i32.mul")
          .memoryFill();
        const loop = new PatchLoop(f, windows);
        const body = (place: Place): void => {
          if (kind === "gather") loop.gather(input, output, place);
          else loop.add(input, output, place);
        };
        loop.each(from, to, { body });
      },
  };
}

class PatchLoop extends WindowLoop {
  gather(x: number, patches: number, place: Place): void {
    this.#eachValue(place, (pixel, value) => this.store(value, patches, this.load(pixel, x), place.lanes));
  }

  add(patches: number, x: number, place: Place): void {
    const f = this.f;
    const sum = f.local("v128");
    this.#eachValue(place, (pixel, value) => {
      f.get(this.load(pixel, x)).get(this.load(value, patches)).op("f32x4.add").set(sum);
      this.store(pixel, x, sum, place.lanes);
    });
  }

  /** Calls `body` with the addresses of a pixel and of its value in the patches, for each tap inside of the image. */
  #eachValue({ pixel, place, channel, ranges }: Place, body: (pixel: Local<"i32">, value: Local<"i32">) => void): void {
    const f = this.f;
    const { rows, columns, channels } = this.windows;
    const taps = rows.size * columns.size;
    const [y, x, from, first, value] = f.locals("i32", "i32", "i32", "i32", "i32");
    // Patches lie `taps` times as far apart as places; `place` counts bytes of channels too.
    f.get(place)
      .i32(taps)
      .op("i32.mul")
      .plus(channel, -4 * (taps - 1))
      .set(first);
    f.for(y, ranges?.top ?? 0, ranges?.bottom ?? rows.size, 1, () => {
      f.get(pixel)
        .plus(y, 4 * columns.input * channels * rows.dilation)
        .plus(ranges?.left ?? 0, 4 * channels * columns.dilation)
        .set(from);
      f.get(first)
        .plus(y, 4 * columns.size * channels)
        .plus(ranges?.left ?? 0, 4 * channels)
        .set(value);
      f.for(x, ranges?.left ?? 0, ranges?.right ?? columns.size, 1, () => {
        body(from, value);
        f.increment(from, 4 * channels * columns.dilation).increment(value, 4 * channels);
      });
    });
  }
}
