/**
 * A Content-Encoding as it is stored with the object: without `aws-chunked`, which says how a request was sent and not
 * what the content is. Nothing else is touched, and nothing is ever decompressed.
 *
 * @returns undefined if nothing is left of it.
 */
export function storedContentEncoding(header: string | undefined): string | undefined {
  if (header === undefined || !/aws-chunked/i.test(header)) return header;
  const left = header
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked');
  return left.length === 0 ? undefined : left.join(',');
}
