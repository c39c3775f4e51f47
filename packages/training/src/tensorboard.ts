// @gradus/training/tensorboard: event files for TensorBoard, an entry of its own because it brings a protobuf writer along.

export { type EventWriter, TensorBoard, type TensorBoardOptions } from "./tensorboard/tensorboard.ts";
