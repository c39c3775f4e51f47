// Files on a disk: written as a whole or not at all.
//
// The bytes go to a new file beside the old one, then to the disk (fsync), and only then does the name change hands, in one step
// of the file system: whoever is killed at any moment leaves the old file or the new one, never half of one.
//
// Node's modules are asked for at run time (`process.getBuiltinModule`): bundles for browsers never mention them.

import { CheckpointError } from "@gradus/core";

/** An open file, as far as it is used here. */
interface FileHandle {
  writeFile(data: Uint8Array): Promise<void>;
  read(buffer: Uint8Array, offset: number, length: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The part of `node:fs/promises` that is used here. */
interface Files {
  open(path: string, flags: string): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { readonly force: boolean }): Promise<void>;
  mkdir(path: string, options: { readonly recursive: boolean }): Promise<unknown>;
  readdir(path: string): Promise<string[]>;
  realpath(path: string): Promise<string>;
}

/** The part of `node:path` that is used here. */
interface Paths {
  join(...parts: string[]): string;
  dirname(path: string): string;
  basename(path: string): string;
}

/** @throws CheckpointError where the platform has no files */
function builtin(name: "node:fs/promises"): Files;
function builtin(name: "node:path"): Paths;
function builtin(name: string): unknown {
  const process: unknown = Reflect.get(globalThis, "process");
  if (typeof process === "object" && process !== null && "getBuiltinModule" in process) {
    // The platform's boundary: a function whose result is what Node's documentation says.
    const found: unknown = typeof process.getBuiltinModule === "function" ? process.getBuiltinModule(name) : undefined;
    if (found !== undefined) return found;
  }
  throw new CheckpointError(
    "this platform has no files: use readSafetensors and writeSafetensors, which work on bytes",
  );
}

/** What the system's error codes mean to someone who gave a path. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "you have no permission",
  EPERM: "it is not permitted",
  EISDIR: "it is a folder, not a file",
  ENOTDIR: "a part of the path is a file, not a folder",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "your share of the disk is full",
  EFBIG: "the file would be larger than is allowed",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its symbolic links go round in circles",
};

/** The error of a file operation: what was tried, where, and why it failed. */
function failure(action: string, path: string, error: unknown): CheckpointError {
  if (error instanceof CheckpointError) return error;
  const reason = reasons[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
  return new CheckpointError(`cannot ${action} ${path}: ${reason}`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Whether a CheckpointError says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof CheckpointError && codeOf(error.cause) === "ENOENT";
}

/** A file in a folder. */
export function pathIn(folder: string, name: string): string {
  return builtin("node:path").join(folder, name);
}

/**
 * Writes a file; when the promise resolves, it lasts through a loss of power. A symbolic link stays one.
 * @throws CheckpointError if it cannot be written; an older file of that name is as it was then
 */
export async function writeFile(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const files = builtin("node:fs/promises");
  const paths = builtin("node:path");
  let temporary: string | null = null;
  try {
    const target = await targetOf(files, path);
    temporary = paths.join(paths.dirname(target), temporaryName(paths.basename(target)));
    const file = await files.open(temporary, "wx");
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, target);
    await syncFolder(files, paths.dirname(target));
  } catch (error) {
    if (temporary !== null) await files.rm(temporary, { force: true }).catch(() => undefined);
    throw failure("save to", path, error);
  }
}

/** The file itself where `path` is a symbolic link to it. */
async function targetOf(files: Files, path: string): Promise<string> {
  try {
    return await files.realpath(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return path;
    throw error;
  }
}

/** A name that no other writer has. */
function temporaryName(name: string): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return `.${name}.${random.toString(16)}.tmp`;
}

/** Whether a name is that of a file whose writer was killed, or is still writing. */
export function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{1,8}\.tmp$/.test(name);
}

/** Makes a new name last through a loss of power, where the system can (Windows cannot open a folder). */
async function syncFolder(files: Files, folder: string): Promise<void> {
  try {
    const handle = await files.open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file itself is whole either way.
  }
}

/** All bytes of a file. @throws CheckpointError with the reason why it cannot be read */
export async function readFile(path: string): Promise<Uint8Array> {
  try {
    const file = await builtin("node:fs/promises").open(path, "r");
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size; ) {
        const { bytesRead } = await file.read(bytes, at, Math.min(size - at, 2 ** 30));
        if (bytesRead === 0) return bytes.subarray(0, at);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw failure("read", path, error);
  }
}

/** Makes a folder, and those that it is in, unless it is there. @throws CheckpointError if that fails */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await builtin("node:fs/promises").mkdir(folder, { recursive: true });
  } catch (error) {
    throw failure("make the folder", folder, error);
  }
}

/** The names in a folder. @throws CheckpointError if it cannot be read */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await builtin("node:fs/promises").readdir(folder);
  } catch (error) {
    throw failure("read the folder", folder, error);
  }
}

/** Removes a file, if it is there. @throws CheckpointError if that fails */
export async function removeFile(path: string): Promise<void> {
  try {
    await builtin("node:fs/promises").rm(path, { force: true });
  } catch (error) {
    throw failure("remove", path, error);
  }
}
