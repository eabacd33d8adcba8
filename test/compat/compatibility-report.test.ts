import { describe, expect, it } from 'vitest';
import { caseGroups, groupOf } from '../../scripts/compat/case-groups.ts';
import {
  type CompatibilityRun,
  compatibilityDocument,
  groupsTable,
} from '../../scripts/compat/compatibility-report.ts';
import type { CaseResult } from '../../scripts/compat/run-case.ts';

describe('a case belongs to the group of what it is about', () => {
  it.each([
    ['PutObject_success', 'PutObject'],
    ['PutObjectTagging_duplicate_keys', 'Tagging'],
    ['CreateBucket_tag_count_limit', 'Buckets'],
    ['GetObjectAttributes_existing_object', 'Attributes'],
    ['ListObjectsV2_with_owner', 'Listings'],
    ['UnsignedStreamingPayloadTrailer_not_allowed', 'Chunked and trailer uploads'],
    ['PresignedAuth_Put_GetObject_with_data', 'Presigned requests'],
    ['CreateMultipartUpload_success', 'Multipart uploads'],
    ['GetObject_mp_part_number_success', 'Multipart uploads'],
    ['CopyObject_success', 'Copies'],
    ['Versioning_PutObject_success', 'Versions'],
    ['ListObjectVersions_VD_success', 'Versions'],
    ['PutBucketVersioning_invalid_status', 'Versions'],
    ['PutObject_invalid_legal_hold', 'Locks, holds and retention'],
    ['CreateBucket_default_object_lock', 'Locks, holds and retention'],
    ['CreateBucket_as_user', 'Accounts, policies and ACLs'],
    ['GetObject_overrides_fail_public', 'Accounts, policies and ACLs'],
    ['CreateBucket_success', 'Buckets'],
    ['PutBucketPolicy_success', 'Accounts, policies and ACLs'],
    ['Server_large_http_header', 'Routing and everything else'],
  ])('%s: %s', (name, title) => expect(groupOf(name).title).toBe(title));

  it('and there is none that belongs nowhere', () => {
    expect(groupOf('Something')).toBe(caseGroups.at(-1));
  });
});

const results = (verdicts: Readonly<Record<string, CaseResult['verdict']>>): CaseResult[] =>
  Object.entries(verdicts).map(([name, verdict]) => ({ name, verdict, why: '' }));

const run: CompatibilityRun = {
  reference: results({ PutObject_a: 'passed', PutObject_b: 'passed', PutObject_c: 'failed', CopyObject_a: 'passed' }),
  gateway: {
    dir: results({ PutObject_a: 'passed', PutObject_b: 'failed', PutObject_c: 'passed', CopyObject_a: 'failed' }),
    versitygw: results({
      PutObject_a: 'passed',
      PutObject_b: 'passed',
      PutObject_c: 'crashed',
      CopyObject_a: 'failed',
    }),
  },
  known: [{ reason: 'copies come later', dir: ['CopyObject_a', 'PutObject_b'], versitygw: ['CopyObject_a'] }],
  clients: [{ name: 'aws-cli', version: '2', what: '' } as unknown as CompatibilityRun['clients'][number]],
  suiteVersion: 'v0',
};

it('the table counts what passes, and the share of what versitygw itself passes', () => {
  const lines = groupsTable(run).split('\n');
  expect(lines).toContain('| PutObject | 3 | 2 | 2 (50 %) | 2 (100 %) |');
  expect(lines).toContain('| Copies | 1 | 1 | 0 (0 %) | 0 (0 %) |');
  expect(lines).toContain('| **what this version is for** | 3 | 2 | 2 (50 %) | 2 (100 %) |');
  expect(lines).toContain('| **all** | 4 | 3 | 2 (33 %) | 2 (67 %) |');
});

it('the document has the reasons, the operations and the clients', () => {
  const document = compatibilityDocument(run);
  expect(document).toContain('| copies come later | 2 | 1 |');
  expect(document).toContain('| PutObject | rewritten | write |');
  expect(document).toMatch(/Not implemented: .*CopyObject/);
  expect(document).toContain('| aws-cli | 2 |');
});
