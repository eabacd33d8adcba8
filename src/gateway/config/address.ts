/** Where to listen. */
export interface Address {
  /** A name or an address; one of version 6 without brackets. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** `127.0.0.1:9440`, `[::1]:9440`, `localhost:0`; undefined for what is none. */
export function parseAddress(text: string): Address | undefined {
  const [, six, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? name;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

export function addressText({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** True if only this machine can connect there. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
