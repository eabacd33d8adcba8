import { PutObjectCommand } from '@aws-sdk/client-s3';
import { plainClient, type Reachable } from '../servers/s3-client.ts';

const together = 32;

/** Puts small objects, many at once: `PREFIX00000`, `PREFIX00001` and so on. */
export async function seedKeys(server: Reachable, bucket: string, prefix: string, count: number): Promise<void> {
  const client = plainClient(server);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const key = prefix + String(next++).padStart(5, '0');
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: key }));
    }
  };
  try {
    await Promise.all(Array.from({ length: together }, work));
  } finally {
    client.destroy();
  }
}
