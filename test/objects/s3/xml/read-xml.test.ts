import fc from 'fast-check';
import { expect, test } from 'vitest';
import { childrenOf, escapeText, flagOf, numberOf, textOf, timeOf } from '../../../../src/objects/s3/xml/fields.ts';
import { readXml } from '../../../../src/objects/s3/xml/read-xml.ts';

test('elements, their order and their texts', () => {
  const root = readXml(
    '\ufeff<?xml version="1.0"?>\n<!-- a > b --><s3:List xmlns:s3="http://a/>"><A>1</A><B x=\'"/>\'/><A> &lt;2&#x26;&#51; </A>' +
      '<C><D><![CDATA[<&>]]></D></C></s3:List>\n',
  )!;
  expect(root.name).toBe('List');
  expect(root.children.map(({ name }) => name)).toEqual(['A', 'B', 'A', 'C']);
  expect(childrenOf(root, 'A').map(({ text }) => text)).toEqual(['1', ' <2&3 ']);
  expect(textOf(root, 'B')).toBe('');
  expect(textOf(childrenOf(root, 'C')[0]!, 'D')).toBe('<&>');
  expect(textOf(root, 'E')).toBeUndefined();
});

test.each([
  '',
  'plain',
  '<a>',
  '<a></b>',
  '<a/><b/>',
  '<a/>rest',
  'x<a/>',
  '</a>',
  '<a><b></a></b>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  '<a>&b;</a>',
  '<a>&amp</a>',
  '<a>&#x110000;</a>',
  '<a b="c></a>',
  '<a',
  '<a><!-- </a>',
  '<a><![CDATA[ </a>',
  '< a/>',
  '<a b</a>',
  `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`,
  '<html><body><p>nginx<br></body></html>',
  '{"error":1}',
])('what is no document: %s', (text) => {
  expect(readXml(text)).toBeUndefined();
});

test('any text comes back as it was escaped', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(readXml(`<a><b>${escapeText(text)}</b></a>`)?.children[0]?.text).toBe(text);
    }),
  );
});

test('no text makes it fail otherwise, or takes it long', () => {
  const pieces = fc.constantFrom('<', '>', '/', '"', "'", '&', ';', '#x', 'a', ' ', '<a>', '</a>', '<!--', '<![CDATA[');
  fc.assert(fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => void readXml(parts.join(''))));
  const startMs = performance.now();
  for (const text of ['<'.repeat(1e6), '<a b="'.repeat(1e5), '&'.repeat(1e6), '<a>'.repeat(1e5), '<a '.repeat(3e5)]) {
    expect(readXml(text)).toBeUndefined();
  }
  expect(performance.now() - startMs).toBeLessThan(2000);
});

test('numbers, flags and times', () => {
  const root = readXml(
    '<r><n> 12 </n><n2>-1</n2><n3>99999999999999999</n3><f>TRUE</f><g>yes</g><t>2026-01-01T00:00:00.500Z</t><u>soon</u></r>',
  )!;
  expect([numberOf(root, 'n'), numberOf(root, 'n2'), numberOf(root, 'n3'), numberOf(root, 'x')]).toEqual([
    12,
    undefined,
    undefined,
    undefined,
  ]);
  expect([flagOf(root, 'f'), flagOf(root, 'g'), flagOf(root, 'x')]).toEqual([true, undefined, undefined]);
  expect([timeOf(root, 't'), timeOf(root, 'u'), timeOf(root, 'x')]).toEqual([Date.UTC(2026, 0) + 500, 0, 0]);
});
