import { it } from 'vitest';

/** Says by name that this machine lacks a client, or fails where it must not. */
export function reportMissing(name: string): void {
  const why = `${name} is not installed: npm run clients -- install ${name}`;
  if (process.env.SEALPART_REQUIRE_CLIENTS !== '1') {
    it.skip(why, () => undefined);
    return;
  }
  it(`${name} is installed`, () => {
    throw new Error(why);
  });
}
