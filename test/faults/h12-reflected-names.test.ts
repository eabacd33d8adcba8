import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from 'vitest';
import { errorDocument } from '../../src/s3-protocol/errors/error-document.ts';
import { S3Error, s3Error } from '../../src/s3-protocol/errors/s3-error.ts';
import { readResponseOverrides, readVersionId } from '../../src/s3-protocol/routes/query-values.ts';
import { routeRequest } from '../../src/s3-protocol/routes/route-request.ts';
import { readUserMetadata } from '../../src/s3-protocol/routes/user-metadata.ts';
import { parseXml } from '../../src/s3-protocol/xml/parse-xml.ts';
import { writeListObjectsV2 } from '../../src/s3-protocol/xml/write-listings.ts';
import { writeDeleteResult } from '../../src/s3-protocol/xml/write-results.ts';
import { configurationLimits, type XmlElement } from '../../src/s3-protocol/xml/xml-element.ts';
import { noteFault } from '../support/fault-log.ts';

// H12: what a client sends comes back to it, or to another one, in documents and headers. None of it may end where it
// stands and become markup, or a header of its own.

const hostile = [
  'a\r\nSet-Cookie: b=c',
  'a\nb',
  'a\rb',
  'a\tb',
  '</Key><Key>b',
  '<script>alert(1)</script>',
  '"&\'<>]]>',
  '<![CDATA[x]]>',
  '<!--',
  '&lt;&#60;&amp;',
  '%0d%0a%3c',
  '\u0085\u2028\u2029',
];
/** What XML 1.0 cannot say at all. */
const unwritable = ['a\0b', 'a\u0001b', 'a\u001b[2Jb', 'a\ufffeb'];

function read(document: string): XmlElement {
  return parseXml(new TextEncoder().encode(document), configurationLimits);
}

function textsOf(element: XmlElement, name: string): string[] {
  const own = element.name === name ? [element.text] : [];
  return [...own, ...element.children.flatMap((child) => textsOf(child, name))];
}

function targetOf(key: string): string {
  return `/bucket/${encodeURIComponent(key)}`;
}

describe('H12: names that are reflected', () => {
  it('stay in their elements, exactly as they were sent', () => {
    for (const name of hostile) {
      const { key } = routeRequest({ method: 'GET', target: targetOf(name), headers: [] }).target;
      expect(key).toBe(name);
      const ids = { requestId: 'r', hostId: 'h' };
      const error = read(errorDocument(s3Error('NoSuchKey', { Key: name }), ids));
      expect(error.children.map((child) => child.name)).toEqual(['Code', 'Message', 'Key', 'RequestId', 'HostId']);
      expect(textsOf(error, 'Key')).toEqual([name]);
      const object = { key: name, etag: 'e', sizeBytes: 1, lastModifiedMs: 0, storageClass: 'STANDARD' };
      const listing = { bucket: 'bucket', prefix: name, maxKeys: 1, isTruncated: false, commonPrefixes: [] };
      const listed = read(writeListObjectsV2({ ...listing, objects: [object], startAfter: name }));
      expect(textsOf(listed, 'Key')).toEqual([name]);
      expect([...textsOf(listed, 'Prefix'), ...textsOf(listed, 'StartAfter')]).toEqual([name, name]);
      const deleted = read(writeDeleteResult([{ key: name, versionId: name }], false));
      expect([...textsOf(deleted, 'Key'), ...textsOf(deleted, 'VersionId')]).toEqual([name, name]);
    }
    noteFault({
      id: 'H12',
      injected: 'CRLF and markup in keys, prefixes and versions',
      reached: hostile.length,
      outcome: 'escaped in every document, and read back as sent',
    });
  });

  it('that no document can hold break none', () => {
    for (const name of unwritable) {
      const error = read(errorDocument(s3Error('NoSuchKey', { Key: name }), { requestId: 'r', hostId: 'h' }));
      expect(textsOf(error, 'Key')[0]).toMatch(/^a\ufffd/);
      const object = { key: name, etag: 'e', sizeBytes: 1, lastModifiedMs: 0, storageClass: 'STANDARD' };
      const listing = {
        bucket: 'b',
        prefix: '',
        maxKeys: 1,
        isTruncated: false,
        commonPrefixes: [],
        objects: [object],
      };
      expect(writeListObjectsV2(listing)).toMatch(/<Key>a&#x[0-9A-F]+;[^<]*b<\/Key>/);
      const encoded = read(writeListObjectsV2({ ...listing, encoding: 'url' }));
      expect(decodeURIComponent(textsOf(encoded, 'Key')[0]!)).toBe(name);
    }
    noteFault({
      id: 'H12',
      injected: 'controls in keys',
      reached: unwritable.length,
      outcome: 'replaced in errors, references in listings, percent-encoded where that was asked for',
    });
  });

  it('are no headers, or refused', () => {
    const refusals: string[] = [];
    for (const value of [...hostile, ...unwritable]) {
      const encoded = encodeURIComponent(value);
      const readers = [
        () => Object.values(readResponseOverrides(queryOf(`?response-content-disposition=${encoded}`))),
        () => [readVersionId(queryOf(`?versionId=${encoded}`))!],
        () => [...readUserMetadata(headersOf(`X-Amz-Signature=0&x-amz-meta-a=${encoded}`)).values()],
      ];
      for (const reader of readers) {
        try {
          for (const accepted of reader()) {
            validateHeaderValue('x-reflected', accepted);
            expect(accepted).not.toMatch(/[\r\n\0]/);
          }
        } catch (error) {
          if (!(error instanceof S3Error)) throw error;
          refusals.push(error.code);
        }
      }
    }
    expect(new Set(refusals)).toEqual(new Set(['InvalidArgument']));
    noteFault({
      id: 'H12',
      injected: 'CRLF in response-* overrides, versionId and metadata of presigned URLs',
      reached: refusals.length,
      outcome: '400 InvalidArgument',
    });
  });
});

function queryOf(query: string): ReadonlyMap<string, string> {
  return routeRequest({ method: 'GET', target: `/bucket/key${query}`, headers: [] }).target.query;
}

function headersOf(query: string): ReturnType<typeof routeRequest>['headers'] {
  return routeRequest({ method: 'PUT', target: `/bucket/key?${query}`, headers: [] }).headers;
}
