import { describe, expect, it } from 'vitest';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { escapeText } from '../../../src/s3-protocol/xml/escape-text.ts';
import { parseXml } from '../../../src/s3-protocol/xml/parse-xml.ts';
import { configurationLimits, type XmlElement } from '../../../src/s3-protocol/xml/xml-element.ts';
import { fc } from '../../support/properties.ts';

const encoder = new TextEncoder();
const s3 = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

function parse(document: string | Uint8Array): XmlElement {
  return parseXml(typeof document === 'string' ? encoder.encode(document) : document, configurationLimits);
}

function refusalOf(document: string | Uint8Array): string {
  try {
    parse(document);
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
  return 'accepted';
}

/** An element as nested lists, to be compared. */
function shape({ name, text, children }: XmlElement): unknown {
  return children.length === 0 ? [name, text] : [name, ...children.map(shape)];
}

describe('a document that is read', () => {
  it.each<[string, unknown]>([
    ['<a/>', ['a', '']],
    ['<a />', ['a', '']],
    ['<a></a >', ['a', '']],
    ['<?xml version="1.0" encoding="UTF-8"?>\n<a>x</a>\n', ['a', 'x']],
    ["<?xml version='1.0' encoding='utf-8' standalone='yes' ?><a>x</a>", ['a', 'x']],
    ['<?xml version="1.0"?><!-- one --> <!-- two --><a>x</a><!-- three -->', ['a', 'x']],
    ['\ufeff<a>x</a>', ['a', 'x']],
    ['<a><b>1</b> <b>2</b>\n<c/></a>', ['a', ['b', '1'], ['b', '2'], ['c', '']]],
    ['<a>x &amp; &lt;&gt;&quot;&apos;&#65;&#x42;&#x1F600;&#10;</a>', ['a', 'x & <>"\'AB😀\n']],
    ['<a>x<!-- no -->y<!---->z</a>', ['a', 'xyz']],
    ['<a>x<![CDATA[<b>&amp;</b>]]>y</a>', ['a', 'x<b>&amp;</b>y']],
    ['<a>1\r\n2\r3\n4</a>', ['a', '1\n2\n3\n4']],
    ['<a> x </a>', ['a', ' x ']],
    ['<a>é 漢 😀\u0085</a>', ['a', 'é 漢 😀\u0085']],
    [`<a ${s3}><b>x</b></a>`, ['a', ['b', 'x']]],
    [`<s:a ${s3.replace('xmlns', 'xmlns:s')}><s:b>x</s:b></s:a>`, ['a', ['b', 'x']]],
    [`<a ${s3}><b xmlns="">x</b></a>`, ['a', ['b', 'x']]],
    [`<a a = '1' b="2>" />`, ['a', '']],
  ])('%j', (document, expected) => {
    expect(shape(parse(document))).toEqual(expected);
  });

  it('has the attributes that are no declarations', () => {
    const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
    const { attributes } = parse(`<a ${xsi} xsi:type="Canonical&#85;ser" b="1&#9;2	3"/>`);
    expect([...attributes]).toEqual([
      ['xsi:type', 'CanonicalUser'],
      ['b', '1\t2 3'],
    ]);
  });

  it('gives back any text that was escaped', () => {
    const character = fc.integer({ min: 0, max: 0x10ffff }).filter((codePoint) => {
      const isControl = codePoint < 0x20 && ![9, 10, 13].includes(codePoint);
      return (
        !isControl && codePoint !== 0xfffe && codePoint !== 0xffff && !(codePoint >= 0xd800 && codePoint <= 0xdfff)
      );
    });
    const text = fc.array(character).map((codePoints) => String.fromCodePoint(...codePoints));
    fc.assert(
      fc.property(text, text, (content, value) => {
        const { text, attributes } = parse(`<a b="${escapeText(value)}">${escapeText(content)}</a>`);
        expect([text, attributes.get('b')]).toEqual([content, value]);
      }),
    );
  });
});

describe('a document that is refused', () => {
  it.each([
    '',
    ' ',
    'x',
    '<',
    '<a',
    '<a>',
    '</a>',
    '<a></b>',
    '<a></A>',
    '<a><b></a></b>',
    '<a/><b/>',
    '<a/>x',
    'x<a/>',
    ' <?xml version="1.0"?><a/>',
    '<?xml version="1.1"?><a/>',
    '<?xml version="1.0" encoding="UTF-16"?><a/>',
    '<?xml encoding="UTF-8"?><a/>',
    '<?xml version="1.0"?><?xml version="1.0"?><a/>',
    '<?pi x?><a/>',
    '<a><?pi x?></a>',
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<!doctype a><a/>',
    '<a><!DOCTYPE a></a>',
    '<a>&b;</a>',
    '<a>&</a>',
    '<a>&amp</a>',
    '<a>&;</a>',
    '<a>&#;</a>',
    '<a>&#x;</a>',
    '<a>&#0;</a>',
    '<a>&#1;</a>',
    '<a>&#X41;</a>',
    '<a>&#-65;</a>',
    '<a>&#xD800;</a>',
    '<a>&#xFFFE;</a>',
    '<a>&#x110000;</a>',
    '<a>&#99999999999999999999;</a>',
    '<a>&constructor;</a>',
    '<a>&AMP;</a>',
    '<a>\u0000</a>',
    '<a>\u0001</a>',
    '<a>\uffff</a>',
    '<a>]]></a>',
    '<a><![CDATA[x]></a>',
    '<a><![cdata[x]]></a>',
    '<![CDATA[x]]><a/>',
    '<a><!-- x -- y --></a>',
    '<a><!-- x ---></a>',
    '<a><!-- x </a>',
    '<a b></a>',
    '<a b=c/>',
    '<a b="1" b="2"/>',
    '<a b="1"c="2"/>',
    '<a b="<"/>',
    '<a b="1/>',
    `<a ${Array.from({ length: 17 }, (_, i) => `a${i}="1"`).join(' ')}/>`,
    '<1a/>',
    '<a:b/>',
    '<a b:c="1"/>',
    '<xmlns:a/>',
    '<a xmlns:="u"/>',
    '<a xmlns:b=""/>',
    '<:a/>',
    '<a xmlns="http://s3.amazonaws.com/doc/2006-03-01"/>',
    '<a xmlns="urn:other"/>',
    `<a ${s3}><b xmlns="urn:other"/></a>`,
    `<a xmlns:o="urn:other"><o:b/></a>`,
    '<a < b="1"/>',
    '<a//>',
  ])('%j', (document) => {
    expect(refusalOf(document)).toBe('MalformedXML');
  });

  it.each([
    ['overlong', [0xc0, 0xaf]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['cut off', [0xe6, 0xbc]],
    ['beyond the last code point', [0xf4, 0x90, 0x80, 0x80]],
    ['latin1', [0xe9]],
  ])('holds bytes that are no UTF-8: %s', (_, bytes) => {
    expect(refusalOf(Uint8Array.from([...encoder.encode('<a>'), ...bytes, ...encoder.encode('</a>')]))).toBe(
      'MalformedXML',
    );
  });

  it('is UTF-16', () => {
    expect(refusalOf(Buffer.from('\ufeff<a/>', 'utf16le'))).toBe('MalformedXML');
  });

  it('has more than it may have', () => {
    const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;
    expect(refusalOf(nested(32))).toBe('accepted');
    expect(refusalOf(nested(33))).toBe('MalformedXML');
    const declared = (count: number) => `<a>${'<b xmlns:c="d"/>'.repeat(count)}</a>`;
    expect(refusalOf(declared(1000))).toBe('accepted');
    expect(refusalOf(declared(1001))).toBe('MalformedXML');
    const prefixes = (count: number) => `<a ${Array.from({ length: count }, (_, i) => `xmlns:p${i}="u"`).join(' ')}/>`;
    expect(refusalOf(prefixes(7))).toBe('accepted');
    expect(refusalOf(prefixes(8))).toBe('MalformedXML');
    const wide = (elements: number) => `<a>${'<b/>'.repeat(elements - 1)}</a>`;
    expect(refusalOf(wide(20_000))).toBe('accepted');
    expect(refusalOf(wide(20_001))).toBe('MalformedXML');
    const long = (bytes: number) => `<a>${'x'.repeat(bytes - 7)}</a>`;
    expect(refusalOf(long(1024 * 1024))).toBe('accepted');
    expect(refusalOf(long(1024 * 1024 + 1))).toBe('MaxMessageLengthExceeded');
  });

  it('is never anything but read or refused', () => {
    const pieces = ['<a>', '</a>', '<a/>', '<', '>', '&amp;', '&', ';', '<!--', '-->', '<![CDATA[', ']]>', ' ', '"'];
    const more = [`<a ${s3}>`, '<?xml version="1.0"?>', '<!DOCTYPE a>', ' b="', "'", '=', '\r', '\u0000', 'é', 'x:'];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces, ...more), fc.string({ unit: 'binary' }))), (chosen) => {
        expect(['accepted', 'MalformedXML']).toContain(refusalOf(chosen.join('')));
      }),
      { numRuns: 2000 },
    );
  });
});
