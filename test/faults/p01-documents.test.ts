import { describe, expect, it } from 'vitest';
import { S3Error } from '../../src/s3-protocol/errors/s3-error.ts';
import { parseXml } from '../../src/s3-protocol/xml/parse-xml.ts';
import { readCompleteMultipartUpload } from '../../src/s3-protocol/xml/read-complete-multipart-upload.ts';
import { readDelete } from '../../src/s3-protocol/xml/read-delete.ts';
import { noteFault } from '../support/fault-log.ts';

// P01: documents made to break or to stall who reads them. Each is answered with S3's error, in time that grows with
// its length and no faster.

const encoder = new TextEncoder();
const mib = 1024 * 1024;
/** Linear time takes some 40 ms, and ten times that while coverage is counted; quadratic time, minutes. */
const cpuLimitMsPerMib = 3000;

type Reader = (bytes: Uint8Array) => unknown;

function answerTo(read: Reader, document: string | Uint8Array): string {
  const bytes = typeof document === 'string' ? encoder.encode(document) : document;
  try {
    read(bytes);
    return 'accepted';
  } catch (error) {
    if (error instanceof S3Error) return `${error.status} ${error.code}`;
    throw error;
  }
}

function fill(piece: string, sizeBytes = mib): string {
  return piece.repeat(Math.floor(sizeBytes / encoder.encode(piece).length));
}

const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
const part = (number: number) => `<Part><PartNumber>${number}</PartNumber><ETag>e</ETag></Part>`;
const completion = (parts: string) => `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;

const refused: readonly [what: string, read: Reader, document: string | Uint8Array, answer: string][] = [
  ['a DOCTYPE', readDelete, '<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete/>', '400 MalformedXML'],
  [
    'an external entity',
    readDelete,
    '<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1/">]><Delete>&x;</Delete>',
    '400 MalformedXML',
  ],
  [
    'a billion laughs',
    readDelete,
    `<!DOCTYPE d [<!ENTITY l0 "ha">${laughs}]><Delete>&l9;</Delete>`,
    '400 MalformedXML',
  ],
  [
    'references to no character',
    readDelete,
    '<Delete><Object><Key>&#0;&#xFFFFFFFFF;</Key></Object></Delete>',
    '400 MalformedXML',
  ],
  ['10 MB', readDelete, fill('<Delete>', 10 * mib), '400 MaxMessageLengthExceeded'],
  ['a depth of 100,000', readDelete, `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`, '400 MalformedXML'],
  ['a CDATA section without end', readDelete, `<Delete><Object><Key><![CDATA[${fill('x')}`, '400 MalformedXML'],
  ['another namespace', readDelete, '<Delete xmlns="urn:x"><Object><Key>a</Key></Object></Delete>', '400 MalformedXML'],
  ['a part twice', readCompleteMultipartUpload, completion(part(1) + part(1)), '400 InvalidPartOrder'],
  ['parts unsorted', readCompleteMultipartUpload, completion(part(2) + part(1)), '400 InvalidPartOrder'],
  ['part 0', readCompleteMultipartUpload, completion(part(0)), '400 InvalidArgument'],
  ['part 10,001', readCompleteMultipartUpload, completion(part(10_001)), '400 InvalidPart'],
];

/** About a mebibyte each, of what a careless reader takes more than linear time for. */
const slow: readonly [what: string, document: string][] = [
  ['text', `<a>${fill('x')}`],
  ['references', `<a>${fill('&#65;')}</a>`],
  ['long references', `<a>${fill('&#x0010FFFF;')}</a>`],
  ['ampersands', `<a>${fill('&')}</a>`],
  ['ampersands before one semicolon', `<a>${fill('&')};</a>`],
  ['elements', `<a>${fill('<b/>')}</a>`],
  ['elements with text', `<a>${fill('<b>x</b>')}</a>`],
  ['beginnings of elements', fill('<')],
  ['open elements', fill('<a>')],
  ['attributes', `<a ${fill('b="" ')}/>`],
  ['one long attribute', `<a b="${fill('&amp;')}"/>`],
  ['attributes without end', `<a ${fill('b="')}`],
  ['declarations of namespaces', `<a>${fill('<a xmlns:b="c" xmlns:d="e"/>')}</a>`],
  ['a long name', `<${fill('a')}`],
  ['long names', `<a>${fill(`<${'a'.repeat(1000)}/>`)}</a>`],
  ['colons', `<${fill('a:')}/>`],
  ['blanks in a tag', `<a${fill(' ')}`],
  ['blanks in the declaration', `<?xml version="1.0"${fill(' ')}`],
  ['blanks before the root', fill(' ')],
  ['comments', `<a>${fill('<!---->')}</a>`],
  ['comments before the root', fill('<!-- -->')],
  ['beginnings of comments', fill('<!--')],
  ['hyphens', `<a><!--${fill('- ')}`],
  ['CDATA sections', `<a>${fill('<![CDATA[]]>')}</a>`],
  ['beginnings of CDATA sections', `<a>${fill('<![CDATA[')}`],
  ['brackets', `<a>${fill(']')}</a>`],
  ['carriage returns', `<a>${fill('\r')}</a>`],
  ['letters of four bytes', `<a>${fill('😀')}</a>`],
];

describe('P01: hostile documents', () => {
  it.each(refused)('%s is refused', (what, read, document, answer) => {
    expect(answerTo(read, document)).toBe(answer);
    noteFault({ id: 'P01', injected: what, reached: 1, outcome: answer });
  });

  it('takes no time that grows faster than the document', () => {
    const limits = { maxBytes: 2 * mib, maxElements: 100_000 };
    const read: Reader = (bytes) => parseXml(bytes, limits);
    const documents = slow.map(([what, document]) => [what, encoder.encode(document)] as const);
    const costs = documents.map(([what, bytes]) => [what, cpuMsPerMib(read, bytes)] as const);
    const worst = costs.reduce((a, b) => (b[1] > a[1] ? b : a));
    expect(worst[1], `${worst[0]}: ${worst[1]} ms of CPU per MiB`).toBeLessThan(cpuLimitMsPerMib);
    const outcome = `at most ${worst[1].toFixed(0)} ms of CPU per MiB (${worst[0]})`;
    noteFault({ id: 'P01', injected: 'documents made to be slow', reached: documents.length, outcome });
  });

  it('reads the largest requests that are right in the same time', () => {
    const parts = Array.from({ length: 10_000 }, (_, i) => part(i + 1)).join('');
    const keys = Array.from({ length: 1000 }, (_, i) => `<Object><Key>${'k'.repeat(1000)}${i}</Key></Object>`).join('');
    expect(cpuMsPerMib(readCompleteMultipartUpload, encoder.encode(completion(parts)))).toBeLessThan(
      cpuLimitMsPerMib * 2,
    );
    expect(cpuMsPerMib(readDelete, encoder.encode(`<Delete>${keys}</Delete>`))).toBeLessThan(cpuLimitMsPerMib);
  });
});

/** The least of a few runs: other work on the machine can make one slower, never faster. */
function cpuMsPerMib(read: Reader, bytes: Uint8Array): number {
  const runs = Array.from({ length: 4 }, () => {
    const before = process.cpuUsage();
    answerTo(read, bytes);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...runs) / Math.max(bytes.length / mib, 0.1);
}
