// What crc-32 exports under this path, for which it has no declarations.

declare module "crc-32/crc32c.js" {
  const CRC32C: {
    /** The CRC-32C (Castagnoli) of bytes, as a signed number. */
    buf(data: Uint8Array, seed?: number): number;
  };
  export default CRC32C;
}
