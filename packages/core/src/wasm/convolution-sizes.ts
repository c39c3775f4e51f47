// The sizes that a convolution's kernels share: what stands under a window, which filters go together, and which way of computing
// suits them.

import type { Convolution } from "../engine/convolution.ts";
import { sizeOf } from "../shape.ts";
import type { Spec } from "../view.ts";
import { THIN } from "./convolution-thin.ts";
import { PANEL } from "./convolution-tiles.ts";

/** Values under a window of one channel beyond which the unrolled loops would be too long. */
const LONGEST = 64;

/** Bytes of scratch memory, with room for a vector that begins at the last float. */
export const aligned = (bytes: number): number => Math.ceil((bytes + 16) / 64) * 64;

/** Whether all is float32 and nothing empty. */
export const suits = (inputs: readonly Spec[], output: Spec): boolean =>
  [...inputs, output].every(({ dtype, shape }) => dtype === "float32" && sizeOf(shape) > 0);

/** Whether each channel is convolved by itself, with one filter. */
export const isDepthwise = ({ channels, filters, groups }: Convolution): boolean =>
  groups > 1 && channels === groups && filters === groups;
/** The taps of a window. */
export const tapsOf = ({ rows, columns }: Convolution): number => rows.size * columns.size;
/** The channels that a filter sees. */
export const depthOf = ({ channels, groups }: Convolution): number => channels / groups;
/** The filters of a group. */
export const widthOf = ({ filters, groups }: Convolution): number => filters / groups;
/** The panels of a group's filters. */
export const panelsOf = (convolution: Convolution): number => Math.ceil(widthOf(convolution) / PANEL);

/** Products and sums of a convolution, or of one of its gradients; taps on the padding count too. */
export const flopsOf = (convolution: Convolution): number => {
  const { batch, rows, columns, filters } = convolution;
  return 2 * batch * rows.output * columns.output * filters * tapsOf(convolution) * depthOf(convolution);
};

/** Whether a window's weights stay in registers, or are read as vectors of channels. */
export function isThin(sweep: Convolution): boolean {
  return isDepthwise(sweep) ? tapsOf(sweep) <= LONGEST : sweep.groups === 1 && tapsOf(sweep) * sweep.channels <= THIN;
}

/** Vectors or panels of filters: those that are whole, then what is left. */
export function partsOf(
  width: number,
  step: number,
): readonly { readonly from: number; readonly to: number; readonly lanes: number }[] {
  const whole = width - (width % step);
  const parts = [
    { from: 0, to: whole, lanes: step },
    { from: whole, to: width, lanes: width - whole },
  ];
  return parts.filter(({ from, to }) => from < to);
}
