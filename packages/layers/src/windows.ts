// What the layers that slide windows over images share: the rules of their options, the checks of their input, and how windows are
// written in messages.

import { checkOption, formatShape, ShapeError, type Tensor } from "@gradus/core";
import type { Extent } from "@gradus/core/convolution";
import { checkFloat } from "./inputs.ts";
import type { OptionRule } from "./options.ts";

const isCount = (value: unknown): boolean => typeof value === "number" && Number.isInteger(value) && value >= 1;
const isPad = (value: unknown): boolean => typeof value === "number" && Number.isInteger(value) && value >= 0;
const isPair = (value: unknown, valid: (part: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(valid);

/** A whole number of 1 or more. */
export const countRule: OptionRule = { rule: "a whole number ≥ 1", valid: isCount };

/** Height and width. */
export const extentRule: OptionRule = {
  rule: "a whole number ≥ 1, or [height, width] of such",
  valid: (value) => isCount(value) || isPair(value, isCount),
};

/** The padding of images. */
export const paddingRule: OptionRule = {
  rule: '"valid", "same", a whole number ≥ 0, [height, width] or [[top, bottom], [left, right]] of such',
  valid: (value) =>
    value === "valid" || value === "same" || isPad(value) || isPair(value, (pad) => isPad(pad) || isPair(pad, isPad)),
};

/** The padding of sequences. */
export const sequencePaddingRule: OptionRule = {
  rule: '"valid", "same", a whole number ≥ 0, or [before, after] of such',
  valid: (value) => value === "valid" || value === "same" || isPad(value) || isPair(value, isPad),
};

/** What is added after a transposed result. */
export const outputPaddingRule: OptionRule = {
  rule: "a whole number ≥ 0, or [height, width] of such",
  valid: (value) => isPad(value) || isPair(value, isPad),
};

/** `3`, or `[3,2]`. */
export const writeExtent = (extent: Extent): string => (typeof extent === "number" ? `${extent}` : `[${extent}]`);

/** The same for height and width, if there is one number. */
export const pairOf = (extent: Extent): readonly [number, number] =>
  typeof extent === "number" ? [extent, extent] : extent;

/**
 * Checks that `x` holds images, or sequences, with so many channels (null for any).
 * @throws ShapeError `Conv2D(1, 16, 3): the input [64,28,28,3] has 3 channels, not 1`
 */
export function checkChannels(
  owner: { toString(): string },
  x: Tensor,
  axes: "[batch,height,width,channels]" | "[batch,length,channels]",
  channels: number | null,
): void {
  checkFloat(owner, x);
  const shape = formatShape(x.shape);
  if (x.rank !== axes.split(",").length) throw new ShapeError(`${owner}: the input ${shape} is not ${axes}`);
  const found = x.shape.at(-1);
  if (channels !== null && found !== channels)
    throw new ShapeError(`${owner}: the input ${shape} has ${found} channels, not ${channels}`);
}

/** Checks the size of a window. @throws OptionError `Conv2D(1, 16, 0): size must be a whole number ≥ 1, …, got 0` */
export function checkWindow(owner: string, size: unknown, { rule, valid }: OptionRule): void {
  checkOption(valid(size), owner, "size", rule, size);
}

/** Checks that channels and filters fall into so many groups. @throws OptionError if they do not */
export function checkGroups(owner: string, groups: number, channels: number, filters: number): void {
  const rule = `a divisor of the ${channels} channels and of the ${filters} filters`;
  checkOption(channels % groups === 0 && filters % groups === 0, owner, "groups", rule, groups);
}
