/** What a group of cases is about. */
export interface CaseGroup {
  readonly title: string;
  /** Cases are named `Operation_what`: which operations belong here. */
  readonly pattern: RegExp;
  /** True for what the gateway is for; the others are about what it does not do, or not yet. */
  readonly wanted: boolean;
}

/** Every case belongs to the first of these that it matches. */
export const caseGroups: readonly CaseGroup[] = [
  {
    title: 'Multipart uploads',
    wanted: false,
    pattern:
      /^\w+MultipartUploads?_|^CompletedMultipartUpload|^ListParts_|UploadPart_|_UploadPart$|_mp_|_mps$|_ranged_with_checksum_mode$/,
  },
  { title: 'Copies', wanted: false, pattern: /^(?:CopyObject|UploadPartCopy)_|_copy_object|CopyObject_/ },
  {
    title: 'Accounts, policies and ACLs',
    wanted: false,
    pattern:
      /^(?:IAM|AccessControl|PublicBucket|NoAclMode|Versioning_AccessControl)_|^(?:Get|Put|Delete)(?:Bucket(?:Acl|Policy|PolicyStatus|OwnershipControls)|ObjectAcl|PublicAccessBlock)_|_as_(?:user|admin)$|_no_access$|_fail_public$|_acl(?:_|$)/,
  },
  // What is listed as versions are they, and most of these cases begin with a bucket that keeps them.
  { title: 'Versions', wanted: false, pattern: /^Versioning_|^ListObjectVersions_|^(?:Get|Put)BucketVersioning_/ },
  {
    title: 'Locks, holds and retention',
    wanted: false,
    pattern:
      /^(?:WORMProtection|(?:Get|Put)Object(?:LegalHold|LockConfiguration|Retention))_|_legal_hold|_(?:object|bucket)_lock|_retain_until_date/,
  },
  { title: 'Web sites and forms', wanted: false, pattern: /^(?:WebsiteHosting|PostObject)_|Website/ },
  { title: 'CORS', wanted: false, pattern: /^(?:CORSMiddleware|PreflightOPTIONS)_|Cors_/ },
  { title: 'Authentication', wanted: true, pattern: /^Authentication_/ },
  { title: 'Presigned requests', wanted: true, pattern: /^PresignedAuth_/ },
  { title: 'Chunked and trailer uploads', wanted: true, pattern: /^(?:Signed|Unsigned)Stream\w*_/ },
  { title: 'Listings', wanted: true, pattern: /^(?:ListObjects|ListObjectsV2|ListObjectVersions)_/ },
  { title: 'Attributes', wanted: true, pattern: /^GetObjectAttributes_/ },
  { title: 'Tagging', wanted: true, pattern: /Tagging_/ },
  { title: 'PutObject', wanted: true, pattern: /^PutObject_/ },
  { title: 'GetObject', wanted: true, pattern: /^GetObject_/ },
  { title: 'HeadObject', wanted: true, pattern: /^HeadObject_/ },
  { title: 'DeleteObject and DeleteObjects', wanted: true, pattern: /^DeleteObjects?_/ },
  {
    title: 'Buckets',
    wanted: true,
    pattern: /^(?:ListBuckets|(?:Create|Delete|Head)Bucket|GetBucketLocation)_/,
  },
  { title: 'Routing and everything else', wanted: true, pattern: /^/ },
];

/** The group that a case belongs to. */
export function groupOf(name: string): CaseGroup {
  return caseGroups.find(({ pattern }) => pattern.test(name))!;
}
