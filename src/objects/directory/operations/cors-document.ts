import { refused } from '../refusals.ts';
import { allChildren, checkChildren, malformed, optionalText, readXml, type XmlTree } from './xml-tree.ts';

const methods = ['DELETE', 'GET', 'HEAD', 'POST', 'PUT'];
const maxRules = 100;
const maxIdChars = 255;
const headerPattern = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Refuses rules for other origins that S3 does not take. @throws SealpartError MalformedXML, InvalidRequest */
export function checkCors(body: Uint8Array): void {
  const rules = allChildren(readXml(body, 'CORSConfiguration'), 'CORSRule');
  if (rules.length === 0 || rules.length > maxRules) throw malformed();
  for (const rule of rules) checkRule(rule);
}

function checkRule(rule: XmlTree): void {
  checkChildren(rule, ['ID', 'AllowedOrigin', 'AllowedMethod', 'AllowedHeader', 'ExposeHeader', 'MaxAgeSeconds']);
  const origins = textsOf(rule, 'AllowedOrigin');
  const allowed = textsOf(rule, 'AllowedMethod');
  if (origins.length === 0 || allowed.length === 0) throw malformed();
  for (const origin of origins) {
    if (hasWildcards(origin)) throw invalid(`AllowedOrigin "${origin}" can not have more than one wildcard.`);
  }
  for (const method of allowed) {
    if (methods.includes(method)) continue;
    throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
  }
  for (const header of textsOf(rule, 'AllowedHeader')) {
    if (hasWildcards(header)) throw invalid(`AllowedHeader "${header}" can not have more than one wildcard.`);
    checkHeader(header);
  }
  for (const header of textsOf(rule, 'ExposeHeader')) {
    if (header.includes('*'))
      throw invalid(
        `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
      );
    checkHeader(header);
  }
  if ((optionalText(rule, 'ID') ?? '').length > maxIdChars) throw malformed();
  if (!/^-?\d{1,10}$/.test(optionalText(rule, 'MaxAgeSeconds')?.trim() ?? '0')) throw malformed();
}

function checkHeader(header: string): void {
  if (!headerPattern.test(header)) throw invalid(`AllowedHeader "${header}" contains invalid character.`);
}

function hasWildcards(text: string): boolean {
  return text.indexOf('*') !== text.lastIndexOf('*');
}

function textsOf(rule: XmlTree, name: string): string[] {
  return rule.children.filter((child) => child.name === name).map((child) => child.text);
}

function invalid(reason: string): Error {
  return refused('InvalidRequest', reason);
}
