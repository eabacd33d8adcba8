import { type Failure, oneLine } from '../failure.ts';
import { textOf } from '../xml/fields.ts';
import { readXml, type XmlNode } from '../xml/read-xml.ts';
import { RefusedAnswer } from './refused-answer.ts';
import { readWhole, type StoreAnswer, unreadable } from './store-answer.ts';

/** A page of a thousand keys of a thousand bytes each, all of them escaped, is not longer. */
const maxDocumentBytes = 8 * 1024 * 1024;
/** An error document is a few hundred bytes. */
const maxErrorBytes = 64 * 1024;

/**
 * The document that an answer is, whose root must have this name.
 *
 * @throws RefusedAnswer if it is another one, cut off or no XML, or the error that some answers turn out to be after
 *   they began with 200
 */
export async function readDocument(answer: StoreAnswer, rootName: string): Promise<XmlNode> {
  const root = readXml((await readWhole(answer, maxDocumentBytes)).toString());
  if (root === undefined) throw unreadable(answer, 'the answer was cut off or is no XML');
  if (root.name === rootName) return root;
  if (root.name !== 'Error') throw unreadable(answer, `the answer is ${oneLine(root.name)} and not ${rootName}`);
  // The status says nothing: it had left when the store met the error.
  throw new RefusedAnswer({ ...failureBase({ ...answer, status: 500 }), ...readError(root) });
}

/** What a store said that did not do what it was asked. Its body is read as far as it can be. */
export async function readRefusal(answer: StoreAnswer): Promise<Failure> {
  const root = readXml((await readAsFarAsItGoes(answer)).toString());
  const base = failureBase(answer);
  return root?.name === 'Error' ? { ...base, ...readError(root) } : base;
}

async function readAsFarAsItGoes(answer: StoreAnswer): Promise<Buffer> {
  try {
    return await readWhole(answer, maxErrorBytes);
  } catch {
    // Its status was said all the same.
    return Buffer.alloc(0);
  }
}

function failureBase({ status, headers }: Omit<StoreAnswer, 'body'>): Failure {
  const requestId = headers['x-amz-request-id'];
  const id = requestId === undefined ? {} : { requestId: oneLine(requestId) };
  return { status, code: '', message: '', headers, ...id };
}

function readError(root: XmlNode): Pick<Failure, 'code' | 'message' | 'requestId' | 'region' | 'endpoint'> {
  const [region, endpoint, requestId] = ['Region', 'Endpoint', 'RequestId'].map((name) => textOf(root, name));
  return {
    code: oneLine(textOf(root, 'Code') ?? ''),
    message: oneLine(textOf(root, 'Message') ?? ''),
    ...(requestId === undefined || requestId === '' ? {} : { requestId: oneLine(requestId) }),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint: oneLine(endpoint) }),
  };
}
