// @gradus/data: samples from files and arrays, and the order in which a network sees them.

// From bytes: IDX files, plain or gzip.

export type { ByteSource } from "./bytes.ts";
export { type GunzipOptions, gunzip, isGzip } from "./gzip.ts";
export { type IdxArray, type IdxElements, type IdxOptions, parseIdx } from "./idx.ts";
export { readIdx } from "./read-idx.ts";

// To datasets: columns of samples, MNIST.

export { ArrayDataset, type ArraysOptions, type ColumnSource, fromArrays, type NumberList } from "./array-dataset.ts";
export { Column, type ColumnOptions } from "./column.ts";
export { type Batch, Dataset, type Sample, type SplitOptions } from "./dataset.ts";
export { findMnist, type MnistFiles, type MnistFolder } from "./folder.ts";
export type { ColumnData } from "./gather.ts";
export { type MnistDatasets, type MnistSource, mnist } from "./mnist.ts";

// To streams: items one after the other, from anywhere.

export { IterableDataset } from "./iterable-dataset.ts";
export type { SamplePart, SampleSource, StreamBatch } from "./stream/batches.ts";
export type { BatchOptions, ItemOptions, ShuffleOptions, StreamState } from "./stream/options.ts";
export type { ItemSource, Items } from "./stream/sources.ts";
export type { ItemContext } from "./stream/stages.ts";

// Balance of classes, and images changed at random.

export { type Augmentation, type AugmentOptions, augment } from "./augmentation/augment.ts";
export {
  addNoise,
  flipImages,
  type MotionOptions,
  type PerImage,
  rotateImages,
  shiftImages,
  zoomImages,
} from "./augmentation/images.ts";
export { balance, classCounts, classWeights } from "./classes.ts";
export type { LoaderSeed } from "./seeds.ts";

// To batches.

export { DataLoader, type LoaderOptions, type LoaderState } from "./loader.ts";
