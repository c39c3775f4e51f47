// @gradus/data/images: PNG files and folders of them as datasets.

export {
  ImageFolder,
  type ImagesOptions,
  imageFolder,
  type LabelledImage,
  readImages,
} from "./images/image-folder.ts";
export { decodePng, isPng } from "./images/png.ts";
export type { PngImage } from "./images/png-pixels.ts";
export { type ImageBytes, type ImageOptions, readImage } from "./images/read-image.ts";
