// @gradus/training/checkpoint: files of tensors, checkpoints of a training, and weights from PyTorch and to it.

export {
  type Checkpoint,
  checkpointFiles,
  loadCheckpoint,
  saveCheckpoint,
} from "./checkpoint/checkpoint-file.ts";
export {
  type CheckpointEvery,
  Checkpoints,
  type CheckpointsOptions,
  type Resumable,
} from "./checkpoint/checkpoints.ts";
export type { FoundCheckpoint } from "./checkpoint/folder.ts";
export { type Platform, platformDifference, thisPlatform } from "./checkpoint/platform.ts";
export {
  readSafetensors,
  type Safetensors,
  type SafetensorsContent,
  writeSafetensors,
} from "./checkpoint/safetensors.ts";
export { fromTorch, type TorchOptions, toTorch } from "./checkpoint/torch.ts";
export { loadWeights, type NamedModel, type SaveWeightsOptions, saveWeights } from "./checkpoint/weights.ts";
export type {
  CheckpointWriter,
  FeedState,
  Json,
  NamedTensors,
  TrainingPosition,
  TrainingState,
} from "./training-state.ts";
