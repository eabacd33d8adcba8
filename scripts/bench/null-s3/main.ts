import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { nullS3Handler } from './null-s3-handler.ts';
import { ReadingPace } from './reading-pace.ts';

// Prints its address, and serves until its standard input ends, as it does when whoever started it dies.

const { values } = parseArgs({
  options: {
    /** The object's bytes; an empty object unless told. */
    object: { type: 'string' },
    port: { type: 'string', default: '0' },
    cert: { type: 'string' },
    key: { type: 'string' },
    /** Bytes a second that it reads; as fast as they come unless told. */
    'read-rate': { type: 'string' },
  },
});

/** Read once: to answer from memory costs less than to read a file, and one call reads no more than 2 GiB. */
function readWhole(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(file).size);
    for (let at = 0; at < bytes.length; ) at += readSync(file, bytes, at, Math.min(bytes.length - at, 2 ** 30), at);
    return bytes;
  } finally {
    closeSync(file);
  }
}

const object = values.object === undefined ? Buffer.alloc(0) : readWhole(values.object);
const rate = values['read-rate'];
const handler = nullS3Handler(object, rate === undefined ? undefined : new ReadingPace(Number(rate)));
const secure = values.cert !== undefined && values.key !== undefined;
const server = secure
  ? createSecureServer({ cert: readFileSync(values.cert!), key: readFileSync(values.key!) }, handler)
  : createServer(handler);
// A client may keep a connection as long as it likes.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.stdin.resume();
process.stdin.once('close', () => process.exit());
