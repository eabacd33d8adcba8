import { malformed, optionalText, readXml } from './xml-tree.ts';

/** Refuses what S3 would take from nobody. @throws SealpartError MalformedXML */
export function checkVersioning(body: Uint8Array): void {
  const status = optionalText(readXml(body, 'VersioningConfiguration'), 'Status');
  if (status !== undefined && status !== 'Enabled' && status !== 'Suspended') throw malformed();
}
