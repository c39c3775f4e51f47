// Where a picture has ink: how far each pixel is from the background, whichever of the two is darker.

import type { Picture } from "./picture.ts";

/** A part of a picture, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A picture whose ink differs from its paper by less than this share of the range from black to white has none. */
const FAINTEST = 0.1;

/** Less ink than this share of the most is the grain of the paper. */
const GRAIN = 0.08;

/** Pixels with less ink than this share of the darkest do not make the digit larger. */
const EDGE = 0.2;

/** Spots with less ink than this share of the largest are dust. */
const DUST = 0.03;

/**
 * The ink of each pixel, from 0 to 1, or null if there is none. The background is what most of the picture's border has; ink is
 * on the side of it, dark or light, where the picture goes further.
 */
export function inkOf(picture: Picture): Picture | null {
  const paper = median(border(picture));
  let [dark, light] = [0, 0];
  for (const value of picture.values) {
    dark = Math.max(dark, paper - value);
    light = Math.max(light, value - paper);
  }
  const [sign, range] = dark >= light ? [-1, dark] : [1, light];
  if (range < FAINTEST) return null;
  const values = picture.values.map((value) => {
    const ink = (sign * (value - paper)) / range;
    return ink < GRAIN ? 0 : ink;
  });
  return { ...picture, values: withoutDust({ ...picture, values }) };
}

/** The smallest box around the ink. */
export function boundingBox({ width, height, values }: Picture): Box {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((values[y * width + x] ?? 0) < EDGE) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function border({ width, height, values }: Picture): number[] {
  const rim: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const [x, y] = [index % width, Math.floor(index / width)];
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) rim.push(values[index] ?? 0);
  }
  return rim;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** The ink without the spots that are much smaller than the largest. */
function withoutDust({ width, values }: Picture): Float32Array {
  const spots = connected(width, values);
  const masses = spots.map((spot) => spot.reduce((sum, index) => sum + (values[index] ?? 0), 0));
  const largest = masses.reduce((most, mass) => Math.max(most, mass), 0);
  const clean = values.slice();
  for (const [at, spot] of spots.entries()) {
    if ((masses[at] ?? 0) >= DUST * largest) continue;
    for (const index of spot) clean[index] = 0;
  }
  return clean;
}

/** The pixels of each connected spot of ink, neighbours across a corner included. */
function connected(width: number, values: Float32Array): number[][] {
  const seen = new Uint8Array(values.length);
  const spots: number[][] = [];
  for (let start = 0; start < values.length; start++) {
    if (seen[start] === 1 || (values[start] ?? 0) < EDGE) continue;
    const spot = [start];
    seen[start] = 1;
    for (let next = 0; next < spot.length; next++) {
      const index = spot[next] ?? 0;
      const x = index % width;
      for (const step of [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1]) {
        const other = index + step;
        if (Math.abs((other % width) - x) > 1 || seen[other] !== 0 || (values[other] ?? 0) < EDGE) continue;
        seen[other] = 1;
        spot.push(other);
      }
    }
    spots.push(spot);
  }
  return spots;
}
