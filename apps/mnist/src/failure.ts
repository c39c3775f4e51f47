// What goes wrong by the user's doing, not the program's: told in one line, with an exit code for scripts.

/** A failure to tell the user: `error: …` on stderr, exit code 1. */
export class Failure extends Error {
  override readonly name: string = "Failure";
  /** What the process exits with. */
  readonly exitCode: number = 1;
}

/** A command line that makes no sense; exit code 2, as shells have it. */
export class UsageError extends Failure {
  override readonly name = "UsageError";
  override readonly exitCode = 2;
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
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its symbolic links go round in circles",
};

/** Why a call of the system failed, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}

/** A message on one line, whatever was in it; control characters of file names do not reach the terminal. */
export function oneLine(message: string): string {
  return message
    .replace(/\s*[\r\n]+\s*/g, " ")
    .replace(/\p{Cc}/gu, "�")
    .trim();
}
