import type { KeptDocument } from './bucket-documents.ts';
import { checkCors } from './cors-document.ts';
import { documentBytes, textElement } from './named-answer.ts';
import { readTagging, type Tags, taggingContent } from './tagging-document.ts';
import { allChildren, checkChildren, malformed, onlyText, optionalText, readXml } from './xml-tree.ts';

/** What a bucket's tags are kept as. */
export function bucketTaggingBytes(tags: Tags): Uint8Array {
  return documentBytes('Tagging', taggingContent(tags));
}

export const bucketTagging: KeptDocument = {
  kind: 'tagging',
  read: (body) => bucketTaggingBytes(readTagging(body, 'bucket')),
  putStatus: 204,
  missing: ['NoSuchTagSet', 'The TagSet does not exist'],
};

/** Who answers browsers by these rules reads them there. */
export const bucketCors: KeptDocument = {
  kind: 'cors',
  read(body) {
    checkCors(body);
    return body;
  },
  putStatus: 200,
  missing: ['NoSuchCORSConfiguration', 'The CORS configuration does not exist'],
};

/** With one owner of everything they all come to the same. */
const ownerships = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'];

/** What a bucket's ownership is kept as; undefined for a word that S3 does not have. */
export function ownershipBytes(word: string): Uint8Array | undefined {
  if (!ownerships.includes(word)) return undefined;
  return documentBytes('OwnershipControls', `<Rule>${textElement('ObjectOwnership', word)}</Rule>`);
}

const enforced = ownershipBytes('BucketOwnerEnforced');

export const bucketOwnership: KeptDocument = {
  kind: 'ownership',
  read(body) {
    const [rule, ...more] = allChildren(readXml(body, 'OwnershipControls'), 'Rule');
    if (rule === undefined || more.length > 0) throw malformed();
    const bytes = ownershipBytes(onlyText(rule, 'ObjectOwnership'));
    if (bytes === undefined) throw malformed();
    return bytes;
  },
  ...(enforced === undefined ? {} : { unless: enforced }),
  putStatus: 200,
  missing: ['OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'],
};

const blocks = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

/** Kept although nothing here is ever public: whatever it forbids does not come about. */
export const publicAccessBlock: KeptDocument = {
  kind: 'public-access-block',
  read(body) {
    const root = readXml(body, 'PublicAccessBlockConfiguration');
    checkChildren(root, blocks);
    const flags = blocks.map((name) => {
      const word = optionalText(root, name)?.trim().toLowerCase() ?? 'false';
      if (word !== 'true' && word !== 'false') throw malformed();
      return textElement(name, word);
    });
    return documentBytes('PublicAccessBlockConfiguration', flags.join(''));
  },
  putStatus: 200,
  missing: ['NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'],
};
