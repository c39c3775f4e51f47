// What the C library's allocator under ArrayBuffer is told.

/** Just below the greatest block from which glibc learns. */
const FREED_ONCE = (32 << 20) - 65536;

let taught = false;

/**
 * Teaches the allocator to keep memory. C libraries give large blocks back to the system when they are freed, and results of some
 * hundred kilobytes then cost more in page faults than in arithmetic; glibc raises its limits to the largest block that it has
 * seen freed, up to 32 MiB. The block is never touched, so it costs address space for a moment and nothing else.
 */
export function keepFreedMemory(): void {
  if (!taught) new ArrayBuffer(FREED_ONCE);
  taught = true;
}
