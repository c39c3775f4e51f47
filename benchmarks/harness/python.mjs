// Finds a Python that has PyTorch.
import { spawnSync } from "node:child_process";

const hasTorch = (python) => spawnSync(python, ["-c", "import torch"], { timeout: 60_000 }).status === 0;

/** `wanted`, or the first of the usual Pythons that can import torch; undefined if none can. */
export const findPython = (wanted) => {
  const candidates = wanted === undefined ? ["python3", "/usr/bin/python3", "python"] : [wanted];
  return candidates.find((python) => hasTorch(python));
};
