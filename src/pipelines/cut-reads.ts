import type { ByteSpan } from './wire-input.ts';

/**
 * What a request asks for, about. Each request is paid for; and of larger ones fewer fit side by side in the memory that
 * answers land in.
 */
export const defaultRequestBytes: number = 8 * 2 ** 20;

/** A gap that is read through rather than left out: less than a request takes in time and money. */
const readThroughBytes = 4096;

/** A last request of less is not worth making: its bytes go with those before it. */
const leastLastBytes = 2 * 2 ** 20;

/**
 * Makes requests of spans that may be requested by themselves: joins neighbours until they have about `requestBytes`,
 * and cuts what is larger.
 */
export function* cutReads(spans: Iterable<ByteSpan>, requestBytes: number = defaultRequestBytes): Generator<ByteSpan> {
  let before: ByteSpan | undefined;
  let current: ByteSpan | undefined;
  for (const span of cutLarge(spans, requestBytes)) {
    if (current === undefined) current = span;
    else if (joins(current, span) && lengthOf(current) + lengthOf(span) / 2 <= requestBytes) {
      current = { start: current.start, end: span.end };
    } else {
      if (before !== undefined) yield before;
      before = current;
      current = span;
    }
  }
  if (current === undefined) return;
  if (before === undefined) yield current;
  else if (joins(before, current) && lengthOf(current) < leastLastBytes) {
    yield { start: before.start, end: current.end };
  } else {
    yield before;
    yield current;
  }
}

function* cutLarge(spans: Iterable<ByteSpan>, requestBytes: number): Generator<ByteSpan> {
  for (const { start, end } of spans) {
    let from = start;
    for (; end - from > 1.5 * requestBytes; from += requestBytes) yield { start: from, end: from + requestBytes };
    yield { start: from, end };
  }
}

function joins(one: ByteSpan, next: ByteSpan): boolean {
  return next.start - one.end <= readThroughBytes;
}

function lengthOf({ start, end }: ByteSpan): number {
  return end - start;
}
