import type { GatewayConfig, SettingName } from './gateway-config.ts';

/** How the text of a flag or of a variable becomes the value that a file has. */
export type SettingForm = 'text' | 'count' | 'switch' | 'list' | 'map';

/** What people are told of a setting: help, messages, schema and documentation are made of it. */
export interface SettingWords {
  readonly about: string;
  /** What may be given, as the end of a sentence: `HOST:PORT, as 127.0.0.1:9440`. */
  readonly expected: string;
  /** What stands for the value in help and documentation: `host:port`. */
  readonly shape: string;
  readonly form: SettingForm;
  /** As a file would have it; left out for none. */
  readonly fallback?: string | number | boolean | readonly string[] | Readonly<Record<string, string>>;
  /** The default in words, where there is no value for it. */
  readonly otherwise?: string;
  /** Of a switch that is on by itself: what the flag does that turns it off. */
  readonly opposite?: string;
  /** The flag's name where it is not the setting's: of what may be given several times, one. */
  readonly flag?: string;
}

/** Settings that belong together, in the order in which help and documentation tell of them. */
export interface SettingGroup {
  readonly title: string;
  readonly names: readonly SettingName[];
}

type More = Partial<Pick<SettingWords, 'form' | 'fallback' | 'otherwise' | 'opposite' | 'flag'>>;

function told(shape: string, about: string, expected: string, more: More = {}): SettingWords {
  return { shape, about, expected, form: 'text', ...more };
}

const address = 'HOST:PORT, as 127.0.0.1:9440 or [::1]:9440';
const file = 'the path of a file';
const size = 'a size, as 64MiB or 1GiB';
const time = 'a time from 100ms to 24h, as 60s or 5m';
const onOff = 'true or false';

const places: Readonly<Record<'listen' | 'tlsCert' | 'tlsKey' | 'domains' | 'adminListen', SettingWords>> = {
  listen: told('host:port', 'where clients connect; port 0: any that is free', address, { fallback: '127.0.0.1:9440' }),
  tlsCert: told('file', 'the certificate for https, with those above it, in PEM', file, { otherwise: 'http' }),
  tlsKey: told('file', 'its private key, in PEM', file),
  domains: told(
    'domain',
    'a domain under which buckets are names of hosts, bucket.DOMAIN; may be repeated',
    'names of domains, as s3.example.org',
    { form: 'list', flag: 'domain', fallback: [] },
  ),
  adminListen: told('host:port', 'where /healthz, /readyz and /metrics are; none for nowhere', `${address}, or none`, {
    fallback: '127.0.0.1:9441',
  }),
};

const behind = {
  store: told('where', 'dir:PATH for a folder, or s3', 'dir:PATH or s3', {
    otherwise: 'a folder of yours, for which keys are made too',
  }),
  endpointUrl: told(
    'url',
    'the S3 server, if it is not AWS',
    'a URL as https://s3.example.org, without credentials in it',
  ),
  region: told('name', 'the region of the store, which the gateway says is its own', 'the name of a region', {
    otherwise: 'as AWS tools find it, else us-east-1',
  }),
  owner: told(
    'id',
    'whom all buckets belong to, as clients are told, and may expect in x-amz-expected-bucket-owner',
    '1 to 128 letters, digits, and . _ -',
    { fallback: 'sealpart' },
  ),
  profile: told('name', 'the profile in the AWS configuration', 'the name of a profile'),
  caBundle: told('file', 'certificates to trust, in place of those that Node knows', file, {
    otherwise: 'AWS_CA_BUNDLE',
  }),
  pathStyle: told('', 'ask the store for SERVER/bucket/key, and not for bucket.SERVER/key', onOff, {
    form: 'switch',
    otherwise: 'where an endpoint is given',
  }),
  minPart: told('size', 'the least that a part other than the last may have there', size, { otherwise: '5MiB' }),
  maxPart: told('size', 'the most that a part may have there', size, { otherwise: '5GiB' }),
  maxParts: told('n', 'the most parts of an object there', 'a whole number from 1 to 10000', {
    form: 'count',
    otherwise: '10000',
  }),
  equalParts: told('', 'all parts but the last must have one size there (Cloudflare R2)', onOff, {
    form: 'switch',
    otherwise: 'false',
  }),
} satisfies Partial<Record<SettingName, SettingWords>>;

const keys = {
  keyFiles: told(
    'file',
    'a key file of sealpart keygen; may be repeated: the first one writes, all of them read',
    'paths of key files',
    { form: 'list', flag: 'key-file', fallback: [] },
  ),
  accessKeys: told('file', 'who may do what; read again on SIGHUP', file, {
    otherwise: 'SEALPART_ACCESS_KEY_ID and SEALPART_SECRET_ACCESS_KEY',
  }),
  manifest: told('sqlite:path', 'where records of objects are kept', 'sqlite:PATH', {
    otherwise: 'gateway.db in ~/.local/state/sealpart',
  }),
} satisfies Partial<Record<SettingName, SettingWords>>;

const objects = {
  digest: told(
    'name',
    'what binds a stream as a whole: sha256-tags, sha256-fragments or sha256',
    'sha256-tags, sha256-fragments or sha256',
    {
      fallback: 'sha256-tags',
    },
  ),
  etag: told('kind', 'ETags of new objects: md5, of their content and as those of S3, or opaque', 'md5 or opaque', {
    fallback: 'md5',
  }),
  plaintext: told('kind', 'what becomes of objects that are not encrypted: refuse or pass', 'refuse or pass', {
    fallback: 'refuse',
  }),
  buckets: told(
    'bucket=name',
    'the name that objects of a bucket are bound to, for replicas and restores; may be repeated',
    'names of buckets for names of buckets, as restored=backup',
    { form: 'map', flag: 'bucket', fallback: {} },
  ),
  namesInContext: told('', 'let bucket and key stand in objects, so that an error can name them', onOff, {
    form: 'switch',
    fallback: true,
    opposite: 'keep bucket and key out of objects',
  }),
} satisfies Partial<Record<SettingName, SettingWords>>;

const machine = {
  memory: told('size', 'memory for data on its way', 'a size from 32MiB, as 256MiB or 1GiB', { fallback: '256MiB' }),
  workers: told('n', 'threads that encrypt and decrypt', 'a whole number from 0 to 256', {
    form: 'count',
    otherwise: 'one a core, 8 at most',
  }),
  maxConnections: told('n', 'the most connections of clients', 'a whole number from 1 to 100000', {
    form: 'count',
    fallback: 1024,
  }),
  idleTimeout: told('time', 'how long a client or the store may be silent in the middle of a request', time, {
    fallback: '60s',
  }),
  stopTimeout: told('time', 'how long requests may go on after SIGTERM', time, { fallback: '25s' }),
  logLevel: told(
    'level',
    'how much the log on standard error tells',
    'trace, debug, info, warn, error, fatal or silent',
    {
      fallback: 'info',
    },
  ),
  accessLog: told('where', 'a line a request: a file, - for standard output, or none', 'a file, - or none', {
    fallback: 'none',
  }),
} satisfies Partial<Record<SettingName, SettingWords>>;

/** What is told of each setting. */
export const settingWords: Readonly<Record<keyof GatewayConfig, SettingWords>> = {
  ...places,
  ...behind,
  ...keys,
  ...objects,
  ...machine,
};

export const settingGroups: readonly SettingGroup[] = [
  { title: 'Where clients connect', names: Object.keys(places) as SettingName[] },
  { title: 'The store behind', names: Object.keys(behind) as SettingName[] },
  { title: 'Keys and books', names: Object.keys(keys) as SettingName[] },
  { title: 'Objects', names: Object.keys(objects) as SettingName[] },
  { title: 'Machine and logs', names: Object.keys(machine) as SettingName[] },
];

export const settingNames: readonly SettingName[] = settingGroups.flatMap(({ names }) => names);
