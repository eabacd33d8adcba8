import { afterAll, beforeAll, describe, it } from 'vitest';
import { type S3Server, type ServerName, type ServerOptions, serverNames } from './s3-server.ts';
import { serverAvailable, startServer } from './start-server.ts';

export interface DescribeOptions extends ServerOptions {
  /** All of them unless told. */
  readonly servers?: readonly ServerName[];
}

/**
 * Defines a block of tests once for each real server, which is started before and stopped after it. One that this
 * machine lacks is skipped under its name, or, with SEALPART_REQUIRE_SERVERS=1, fails.
 *
 * @param define gets what gives the server, while tests and hooks run.
 */
export function describeOnServers(
  title: string,
  define: (server: () => S3Server, name: ServerName) => void,
  { servers = serverNames, ...options }: DescribeOptions = {},
): void {
  for (const name of servers) {
    if (serverAvailable(name)) describeOn(name, `${title} on ${name}`, define, options);
    else reportMissing(name, title, define);
  }
}

function describeOn(
  name: ServerName,
  title: string,
  define: (server: () => S3Server, name: ServerName) => void,
  options: ServerOptions,
): void {
  describe(title, () => {
    let server: S3Server | undefined;
    beforeAll(async () => {
      server = await startServer(name, options);
    });
    afterAll(() => server?.stop());
    define(() => {
      if (server === undefined) throw new Error(`${name} is there only while tests and hooks run.`);
      return server;
    }, name);
  });
}

function reportMissing(
  name: ServerName,
  title: string,
  define: (server: () => S3Server, name: ServerName) => void,
): void {
  const why = `${name} is not installed: npm run servers -- install ${name}`;
  if (process.env.SEALPART_REQUIRE_SERVERS === '1') {
    describe(`${title} on ${name}`, () => {
      it('runs', () => {
        throw new Error(why);
      });
    });
    return;
  }
  describe.skip(`${title} on ${name} (${why})`, () => {
    define(() => {
      throw new Error(why);
    }, name);
  });
}
