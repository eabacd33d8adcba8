/** A bug in this program, never the world's fault: nothing catches it on purpose. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States what must be true if the code is right. For what the world can get wrong there is SealpartError. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
