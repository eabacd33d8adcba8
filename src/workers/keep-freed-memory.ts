const blockBytes = 16 * 2 ** 20;

/**
 * Tells the C library's allocator, where that is glibc, to keep memory that is freed. It gives the end of a heap back to
 * the kernel as soon as more than a threshold is free there, 128 KiB at first, and the ciphertext buffers of node:crypto
 * are freed by the tens of MiB whenever garbage is collected: measured, taking those pages again costs up to a fifth of
 * a worker's time. Freeing one large block moves the threshold to twice its size, for good and in all threads; nothing
 * of the block is ever written to, so that it takes no memory. Elsewhere this does nothing.
 */
export function keepFreedMemory(): void {
  new ArrayBuffer(blockBytes).transfer(0);
}
