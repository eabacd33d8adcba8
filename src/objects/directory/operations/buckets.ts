import { quoted } from '../names.ts';
import { cannedAcls } from '../object-headers.ts';
import { refused } from '../refusals.ts';
import { bucketTaggingBytes, ownershipBytes } from './kept-documents.ts';
import { documentAnswer, emptyAnswer, textElement } from './named-answer.ts';
import { changeBucket, type NamedCall, type NamedOperation, viewBucket } from './named-operation.ts';
import { readTags, type Tags } from './tagging-document.ts';
import { allChildren, checkChildren, optionalText, readXml } from './xml-tree.ts';

/** S3's first region is the one that it does not name. */
const unnamedRegion = 'us-east-1';

export const createBucket: NamedOperation = async (call) => {
  const { ground, request, signal } = call;
  const { bucket } = call.name;
  checkCreation(call);
  const tags = readCreation(request.body, ground.region);
  const word = request.headers['x-amz-object-ownership'];
  const ownership = word === undefined ? undefined : ownershipBytes(word);
  if (word !== undefined && ownership === undefined) {
    throw refused('InvalidArgument', `Invalid x-amz-object-ownership header: ${word}`);
  }
  const { buckets } = ground.catalogue;
  const isNew = await ground.catalogue.change(signal, () => {
    if (!buckets.add(bucket)) return false;
    if (ownership !== undefined) buckets.putDocument(bucket, 'ownership', ownership);
    if (Object.keys(tags).length > 0) buckets.putDocument(bucket, 'tagging', bucketTaggingBytes(tags));
    return true;
  });
  if (isNew) return emptyAnswer(200, { location: `/${bucket}`, 'x-amz-bucket-arn': `arn:aws:s3:::${bucket}` });
  const reason = 'Your previous request to create the named bucket succeeded and you already own it';
  throw refused('BucketAlreadyOwnedByYou', reason, 'exists');
};

/** Refuses a bucket that could not be what the headers make of it. */
function checkCreation({ request, name }: NamedCall): void {
  const { headers } = request;
  const acl = headers['x-amz-acl'];
  const hasGrants = Object.keys(headers).some((header) => header.startsWith('x-amz-grant-'));
  if (acl !== undefined && !cannedAcls.has(acl)) {
    throw refused('InvalidArgument', `${quoted(name.bucket)} cannot have an ACL that S3 does not know`);
  }
  if (hasGrants || (acl !== undefined && acl !== 'private')) {
    const reason = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
    throw refused('InvalidBucketAclWithObjectOwnership', reason);
  }
  if ((headers['x-amz-bucket-object-lock-enabled'] ?? 'false').toLowerCase() !== 'false') {
    throw refused('NotImplemented', `${quoted(name.bucket)} cannot have locks: this store does not know them`);
  }
}

/** What a bucket is to be made with. It can be nowhere but where the store is. */
function readCreation(body: Uint8Array, region: string): Tags {
  if (body.length === 0) return {};
  const root = readXml(body, 'CreateBucketConfiguration');
  checkChildren(root, ['LocationConstraint', 'Tags']);
  const location = optionalText(root, 'LocationConstraint')?.trim() ?? '';
  if (location !== '' && !isLocation(location, region)) {
    throw refused('InvalidLocationConstraint', 'The specified location-constraint is not valid');
  }
  const lists = root.children.filter((child) => child.name === 'Tags');
  return readTags(
    lists.flatMap((list) => allChildren(list, 'Tag')),
    'bucket',
  );
}

/** S3 has an older name for one region, and none at all for its first. */
function isLocation(location: string, region: string): boolean {
  if (region === unnamedRegion) return false;
  return location === region || (location === 'EU' && region === 'eu-west-1');
}

export const deleteBucket: NamedOperation = async (call) => {
  const { bucket } = call.name;
  const doomedFiles = await changeBucket(call, (catalogue) => {
    if (catalogue.objects.any(bucket)) {
      throw refused('BucketNotEmpty', 'The bucket you tried to delete is not empty', 'exists');
    }
    // As with S3, what was never completed is nothing that a bucket holds.
    const files = catalogue.uploads.contents(bucket).flatMap((upload) => catalogue.dropUpload(upload));
    catalogue.buckets.drop(bucket);
    return files;
  });
  await call.ground.keeper.remove(doomedFiles, call.signal);
  return emptyAnswer(204);
};

export const headBucket: NamedOperation = (call) =>
  viewBucket(call, () => emptyAnswer(200, { 'x-amz-bucket-region': call.ground.region }));

export const getBucketLocation: NamedOperation = (call) =>
  viewBucket(call, () => {
    const { region } = call.ground;
    if (region === unnamedRegion) return documentAnswer('LocationConstraint');
    // The text is the root's own.
    const text = textElement('x', region).slice('<x>'.length, -'</x>'.length);
    return documentAnswer('LocationConstraint', text);
  });
