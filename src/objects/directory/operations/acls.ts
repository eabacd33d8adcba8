import type { NamedAnswer } from '../../bucket-store.ts';
import { objectLabel, quoted } from '../names.ts';
import { checkCannedAcl, noAcls } from '../object-headers.ts';
import { refused } from '../refusals.ts';
import type { StoreOwner } from '../store-ground.ts';
import { documentAnswer, emptyAnswer, textElement } from './named-answer.ts';
import { type NamedCall, type NamedOperation, viewBucket } from './named-operation.ts';
import { allChildren, malformed, onlyText, readXml, type XmlTree } from './xml-tree.ts';

/** The only ACL that there is: the owner of the store may do everything, and nobody else anything. */
function ownersAcl({ id, displayName }: StoreOwner): NamedAnswer {
  const names = textElement('ID', id) + textElement('DisplayName', displayName);
  const type = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"';
  const grant = `<Grant><Grantee ${type}>${names}</Grantee>${textElement('Permission', 'FULL_CONTROL')}</Grant>`;
  const content = `<Owner>${names}</Owner><AccessControlList>${grant}</AccessControlList>`;
  return documentAnswer('AccessControlPolicy', content);
}

export const getBucketAcl: NamedOperation = (call) => viewBucket(call, () => ownersAcl(call.ground.owner));

export const getObjectAcl: NamedOperation = (call) =>
  viewBucket(call, (catalogue) => {
    catalogue.requireObject(call.name);
    return ownersAcl(call.ground.owner);
  });

export const putBucketAcl: NamedOperation = (call) =>
  viewBucket(call, () => {
    checkAcl(call, quoted(call.name.bucket));
    return emptyAnswer(200);
  });

export const putObjectAcl: NamedOperation = (call) =>
  viewBucket(call, (catalogue) => {
    catalogue.requireObject(call.name);
    checkAcl(call, objectLabel(call.name));
    return emptyAnswer(200);
  });

/** Refuses an ACL other than the one that is in force, however it is told: by name, by grants or by a document. */
function checkAcl({ ground, request }: NamedCall, label: string): void {
  const { headers, body } = request;
  const acl = headers['x-amz-acl'];
  const hasGrants = Object.keys(headers).some((header) => header.startsWith('x-amz-grant-'));
  if (acl !== undefined && hasGrants) {
    throw refused('InvalidRequest', 'Specifying both Canned ACLs and Header Grants is not allowed');
  }
  if (body.length > 0 && (acl !== undefined || hasGrants)) {
    throw refused('UnexpectedContent', 'This request does not support content');
  }
  if (hasGrants) throw noAcls(label);
  if (acl !== undefined) checkCannedAcl(acl, label);
  else if (body.length > 0) checkPolicy(body, ground.owner, label);
  else throw refused('MissingSecurityHeader', 'Your request was missing a required header');
}

function checkPolicy(body: Uint8Array, owner: StoreOwner, label: string): void {
  const root = readXml(body, 'AccessControlPolicy');
  const list = root.children.find((child) => child.name === 'AccessControlList');
  if (list === undefined) throw malformed();
  const grants = allChildren(list, 'Grant');
  if (grants.length !== 1 || !grants.every((grant) => isOwners(grant, owner))) throw noAcls(label);
}

function isOwners(grant: XmlTree, owner: StoreOwner): boolean {
  const grantee = grant.children.find((child) => child.name === 'Grantee');
  if (grantee === undefined) throw malformed();
  const isOwner = grantee.children.some(({ name, text }) => name === 'ID' && text === owner.id);
  return isOwner && onlyText(grant, 'Permission') === 'FULL_CONTROL';
}
