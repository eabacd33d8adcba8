import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toWireBody, WireBody } from '../../../../src/objects/s3/http/wire-body.ts';

describe('the body of a request', () => {
  it('is cut into slices of its own memory', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 50 }), (views, sliceBytes) => {
        const body = new WireBody(views);
        const slices = [...body.slices(sliceBytes)];
        const lengths = slices.map((views) => views.reduce((sum, view) => sum + view.length, 0));
        expect(lengths.slice(0, -1).every((length) => length === sliceBytes)).toBe(true);
        expect(lengths.every((length) => length > 0 && length <= sliceBytes)).toBe(true);
        expect(Buffer.concat(slices.flat())).toEqual(Buffer.concat(views));
        expect(body.byteLength).toBe(Buffer.concat(views).length);
        expect(slices.flat().every((view) => views.some((piece) => piece.buffer === view.buffer))).toBe(true);
      }),
    );
  });

  it('takes views of shared memory as they are', () => {
    const memory = new SharedArrayBuffer(1000);
    const body = new WireBody([new Uint8Array(memory, 10, 5), new Uint8Array(memory, 500, 7)]);
    const views = [...body.slices(8)].flat();
    expect(views.map((view) => [view.byteOffset, view.length])).toEqual([
      [10, 5],
      [500, 3],
      [503, 4],
    ]);
    expect(views.every((view) => (view.buffer as unknown) === memory)).toBe(true);
  });

  it('can be what the SDK makes of XML, and nothing that can be read only once', () => {
    expect(toWireBody('é').byteLength).toBe(2);
    expect(toWireBody(Uint8Array.of(1, 2)).byteLength).toBe(2);
    expect(toWireBody(undefined).byteLength).toBe(0);
    expect(() => toWireBody(new ReadableStream())).toThrow(TypeError);
  });
});
