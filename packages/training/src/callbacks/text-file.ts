// Files that grow while training goes on. Node's module is asked for at run time (`process.getBuiltinModule`): bundles for browsers
// never mention it.

import { GradusError, OptionError } from "@gradus/core";

/** The part of `node:fs/promises` that is used here. */
interface Files {
  appendFile(path: string, data: string | Uint8Array): Promise<void>;
  writeFile(path: string, data: string | Uint8Array): Promise<void>;
  mkdir(path: string, options: { readonly recursive: boolean }): Promise<unknown>;
}

/** @throws OptionError on platforms without files */
function files(owner: string): Files {
  const process: unknown = Reflect.get(globalThis, "process");
  if (typeof process === "object" && process !== null && "getBuiltinModule" in process) {
    // The platform's boundary: a function whose result is what Node's documentation says.
    if (typeof process.getBuiltinModule === "function") return process.getBuiltinModule("node:fs/promises");
  }
  throw new OptionError(`${owner}: this platform has no files: give a function that takes what is to be written`);
}

/** Appends to a file, or begins it anew. @throws GradusError with the reason where that fails */
export async function writeToFile(
  owner: string,
  path: string,
  data: string | Uint8Array,
  how: "append" | "replace",
): Promise<void> {
  const { appendFile, writeFile } = files(owner);
  try {
    await (how === "append" ? appendFile(path, data) : writeFile(path, data));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GradusError(`${owner}: cannot write ${path}: ${reason}`, { cause: error });
  }
}

/** Makes a folder, and those above it, if it is not there. @throws GradusError with the reason where that fails */
export async function makeFolder(owner: string, path: string): Promise<void> {
  try {
    await files(owner).mkdir(path, { recursive: true });
  } catch (error) {
    if (error instanceof OptionError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new GradusError(`${owner}: cannot make the folder ${path}: ${reason}`, { cause: error });
  }
}
