import { type Operation, type OperationWords, operation } from './operation.ts';

function refused(...words: OperationWords): Operation {
  // Nobody may do it, so it matters to nobody what it may have.
  return operation(words, 'not-implemented', { access: 'admin' });
}

/**
 * What is known and refused by name. A request that is none of the operations of any table is refused as well; these
 * stand here so that a new operation of S3 is noticed, and looked at, when its model comes.
 */
export const refusedOperations: readonly Operation[] = [
  // Uploads of many parts and copies.
  refused('AbortMultipartUpload', 'DELETE', 'object', 'uploadId'),
  refused('CompleteMultipartUpload', 'POST', 'object', 'uploadId'),
  { ...refused('CopyObject', 'PUT', 'object'), isCopy: true },
  refused('CreateMultipartUpload', 'POST', 'object', 'uploads'),
  refused('ListMultipartUploads', 'GET', 'bucket', 'uploads'),
  refused('ListParts', 'GET', 'object', 'uploadId'),
  refused('UploadPart', 'PUT', 'object', 'partNumber uploadId'),
  { ...refused('UploadPartCopy', 'PUT', 'object', 'partNumber uploadId'), isCopy: true },

  // The store would have to read or write plaintext.
  refused('GetObjectTorrent', 'GET', 'object', 'torrent'),
  refused('PostObject', 'POST', 'bucket'),
  refused('RenameObject', 'PUT', 'object', 'renameObject'),
  refused('RestoreObject', 'POST', 'object', 'restore'),
  refused('SelectObjectContent', 'POST', 'object', 'select select-type=2'),
  refused('UpdateObjectEncryption', 'PUT', 'object', 'encryption'),
  refused('DeleteObjectAnnotation', 'DELETE', 'object', 'annotation'),
  refused('GetObjectAnnotation', 'GET', 'object', 'annotation annotationName'),
  refused('ListObjectAnnotations', 'GET', 'object', 'annotation'),
  refused('PutObjectAnnotation', 'PUT', 'object', 'annotation'),
  refused('WriteGetObjectResponse', 'POST', 'service', 'WriteGetObjectResponse'),

  // A website serves what the store holds, which is ciphertext.
  refused('DeleteBucketWebsite', 'DELETE', 'bucket', 'website'),
  refused('GetBucketWebsite', 'GET', 'bucket', 'website'),
  refused('PutBucketWebsite', 'PUT', 'bucket', 'website'),

  // Their reports are of ciphertext: sizes and ETags in them are none that a client knows.
  refused('CreateBucketMetadataConfiguration', 'POST', 'bucket', 'metadataConfiguration'),
  refused('CreateBucketMetadataTableConfiguration', 'POST', 'bucket', 'metadataTable'),
  refused('DeleteBucketAnalyticsConfiguration', 'DELETE', 'bucket', 'analytics'),
  refused('DeleteBucketIntelligentTieringConfiguration', 'DELETE', 'bucket', 'intelligent-tiering'),
  refused('DeleteBucketInventoryConfiguration', 'DELETE', 'bucket', 'inventory'),
  refused('DeleteBucketMetadataConfiguration', 'DELETE', 'bucket', 'metadataConfiguration'),
  refused('DeleteBucketMetadataTableConfiguration', 'DELETE', 'bucket', 'metadataTable'),
  refused('DeleteBucketMetricsConfiguration', 'DELETE', 'bucket', 'metrics'),
  refused('GetBucketAnalyticsConfiguration', 'GET', 'bucket', 'analytics id'),
  refused('GetBucketIntelligentTieringConfiguration', 'GET', 'bucket', 'intelligent-tiering id'),
  refused('GetBucketInventoryConfiguration', 'GET', 'bucket', 'inventory id'),
  refused('GetBucketMetadataConfiguration', 'GET', 'bucket', 'metadataConfiguration'),
  refused('GetBucketMetadataTableConfiguration', 'GET', 'bucket', 'metadataTable'),
  refused('GetBucketMetricsConfiguration', 'GET', 'bucket', 'metrics id'),
  refused('ListBucketAnalyticsConfigurations', 'GET', 'bucket', 'analytics'),
  refused('ListBucketIntelligentTieringConfigurations', 'GET', 'bucket', 'intelligent-tiering'),
  refused('ListBucketInventoryConfigurations', 'GET', 'bucket', 'inventory'),
  refused('ListBucketMetricsConfigurations', 'GET', 'bucket', 'metrics'),
  refused('PutBucketAnalyticsConfiguration', 'PUT', 'bucket', 'analytics'),
  refused('PutBucketIntelligentTieringConfiguration', 'PUT', 'bucket', 'intelligent-tiering'),
  refused('PutBucketInventoryConfiguration', 'PUT', 'bucket', 'inventory'),
  refused('PutBucketMetricsConfiguration', 'PUT', 'bucket', 'metrics'),
  refused('UpdateBucketMetadataAnnotationTableConfiguration', 'PUT', 'bucket', 'metadataAnnotationTable'),
  refused('UpdateBucketMetadataInventoryTableConfiguration', 'PUT', 'bucket', 'metadataInventoryTable'),
  refused('UpdateBucketMetadataJournalTableConfiguration', 'PUT', 'bucket', 'metadataJournalTable'),

  // Other kinds of buckets and of permissions than the gateway's.
  refused('CreateSession', 'GET', 'bucket', 'session'),
  refused('GetBucketAbac', 'GET', 'bucket', 'abac'),
  refused('ListDirectoryBuckets', 'GET', 'service', 'max-directory-buckets'),
  refused('PutBucketAbac', 'PUT', 'bucket', 'abac'),
];
