import { xmlMediaType } from '../../s3-protocol/errors/error-document.ts';
import type { HeaderField } from '../../s3-protocol/signature/raw-request.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';

/** An answer that is a document. */
export function xmlAnswer(document: string, headers: readonly HeaderField[] = []): GatewayAnswer {
  return { status: 200, headers: [...headers, ['Content-Type', xmlMediaType]], body: Buffer.from(document, 'utf8') };
}
