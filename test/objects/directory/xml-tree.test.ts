import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { documentBytes, textElement } from '../../../src/objects/directory/operations/named-answer.ts';
import { onlyText, readXml } from '../../../src/objects/directory/operations/xml-tree.ts';

const read = (text: string) => readXml(Buffer.from(text), 'a');

test('what is written is read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), (text) => {
      expect(onlyText(readXml(documentBytes('a', textElement('b', text)), 'a'), 'b')).toBe(text);
    }),
  );
});

test.each([
  ['<a><b>x</b></a>', 'x'],
  ['<?xml version="1.0"?>\n<!-- c -->\n<a xmlns="urn:x" y=\'1\'>\n <b>x</b>\n</a>\n', 'x'],
  ['<s:a xmlns:s="urn:x"><s:b>x</s:b></s:a>', 'x'],
  ['<a><b><![CDATA[<x]>]]>&amp;&#65;&#x42;</b></a>', '<x]>&AB'],
  ['<a><b/></a>', ''],
  ['<a><b></b ></a>', ''],
  ['<a><b>&#x1F512;<!-- - -->x</b></a>', '\u{1f512}x'],
])('%s', (text, expected) => {
  expect(onlyText(read(text), 'b')).toBe(expected);
});

describe('what is no such document is refused', () => {
  test.each([
    '',
    'x',
    '<b/>',
    '<a>',
    '</a>',
    '<a></b>',
    '<a/><a/>',
    '<a/>x',
    'x<a/>',
    '<a><b></a></b>',
    '<a>&nbsp;</a>',
    '<a>&amp</a>',
    '<a>&#0;</a>',
    '<a>&#xD800;</a>',
    '<a>&#x110000;</a>',
    '<a b></a>',
    '<a b=c/>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<a><?php x ?></a>',
    '<a><!-- x -- y --></a>',
    '<a',
    `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`,
    `<a>${'<b/>'.repeat(20_001)}</a>`,
  ])('%j', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'bad-parameters', said: 'MalformedXML' }));
  });

  test('bytes that are no UTF-8', () => {
    expect(() => readXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]), 'a')).toThrow(/MalformedXML/);
  });
});

test('a long document that is none is refused soon', () => {
  const long = 200_000;
  for (const text of [
    `<a>${'&'.repeat(long)}</a>`,
    `<a>${'<!--'.repeat(long)}`,
    `<a ${'b="c" '.repeat(long)}`,
    `<a>${'<![CDATA['.repeat(long)}`,
    `<a${' '.repeat(long)}`,
    `<a>${'-'.repeat(long)}<!--${'-x'.repeat(long)}`,
    `<${'a:'.repeat(long)}>`,
  ]) {
    const startMs = performance.now();
    expect(() => read(text)).toThrow(/MalformedXML/);
    expect(performance.now() - startMs).toBeLessThan(2000);
  }
});
