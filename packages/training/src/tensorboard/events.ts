// Events as TensorBoard reads them: protobuf messages (tensorflow/core/util/event.proto) in the records of TFRecord files.
//
//     Event   { 1: double wall_time, 2: int64 step, 3: string file_version, 5: Summary summary }
//     Summary { 1: repeated Value { 1: string tag, 2: float simple_value } }
//     record  = length as uint64, masked CRC-32C of those 8 bytes, the bytes, masked CRC-32C of them; all little-endian

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import CRC32C from "crc-32/crc32c.js";

/** What every event file begins with. */
export function versionRecord(wallTime: number): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Bit64).double(wallTime);
  writer.tag(3, WireType.LengthDelimited).string("brain.Event:2");
  return record(writer.finish());
}

/** Values of one step, by tag. @param wallTime seconds since 1970 */
export function scalarsRecord(
  wallTime: number,
  step: number,
  values: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Bit64).double(wallTime);
  writer.tag(2, WireType.Varint).int64(step);
  writer.tag(5, WireType.LengthDelimited).fork();
  for (const [tag, value] of Object.entries(values)) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(tag);
    writer.tag(2, WireType.Bit32).float(Math.fround(value));
    writer.join();
  }
  writer.join();
  return record(writer.finish());
}

/** A message as a record. */
function record(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return bytes;
}

/** A checksum of data that may contain checksums: rotated right by 15 bits, plus a constant. */
function maskedCrc(data: Uint8Array): number {
  const crc = CRC32C.buf(data) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
