import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../../src/gateway/config/check-config.ts';
import { configJsonSchema } from '../../../src/gateway/config/config-schema.ts';
import { effectiveConfig } from '../../../src/gateway/config/effective-config.ts';
import { type ConfigSources, readGatewayConfig } from '../../../src/gateway/config/read-gateway-config.ts';
import { flagOf, flagProperty, variableOf } from '../../../src/gateway/config/setting-names.ts';
import { settingNames, settingWords } from '../../../src/gateway/config/setting-words.ts';

const nothing: ConfigSources = { flags: {}, env: {} };

function faultOf(sources: Partial<ConfigSources>): string {
  try {
    readGatewayConfig({ ...nothing, ...sources });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was taken');
}

describe('where a setting comes from', () => {
  it('nothing set: the defaults', () => {
    const { config, given } = readGatewayConfig(nothing);
    expect(config).toEqual({
      listen: { host: '127.0.0.1', port: 9440 },
      adminListen: { host: '127.0.0.1', port: 9441 },
      domains: [],
      owner: 'sealpart',
      keyFiles: [],
      digest: 3,
      etag: 'md5',
      plaintext: 'refuse',
      buckets: {},
      namesInContext: true,
      memory: 256 * 2 ** 20,
      maxConnections: 1024,
      idleTimeout: 60_000,
      stopTimeout: 25_000,
      logLevel: 'info',
      accessLog: 'none',
    });
    expect(given.size).toBe(0);
    expect(Object.keys(config)).toEqual(settingNames);
  });

  it('flags count before the environment, and that before the file', () => {
    const file = { name: 'gw.json', value: { listen: 'f:1', etag: 'opaque', region: 'file', workers: 1 } };
    const env = { SEALPART_GATEWAY_LISTEN: 'e:2', SEALPART_GATEWAY_REGION: 'env', OTHER: 'x' };
    const { config, given } = readGatewayConfig({ flags: { listen: '[::1]:0' }, env, file });
    expect([config.listen, config.region, config.etag, config.workers]).toEqual([
      { host: '::1', port: 0 },
      'env',
      'opaque',
      1,
    ]);
    expect([...given].map(([name, { from }]) => [name, from])).toEqual([
      ['listen', '--listen'],
      ['region', 'SEALPART_GATEWAY_REGION'],
      ['etag', 'etag in gw.json'],
      ['workers', 'workers in gw.json'],
    ]);
  });

  it('all forms are read of flags, of variables and of a file alike', () => {
    const wanted = {
      listen: { host: '0.0.0.0', port: 80 },
      tlsCert: 'c.pem',
      store: { kind: 'dir', path: '/srv' },
      domains: ['s3.example.org', 'x'],
      keyFiles: ['a', 'b'],
      buckets: { restored: 'backup', b: 'c' },
      namesInContext: false,
      pathStyle: true,
      memory: 2 ** 30,
      minPart: 64,
      maxParts: 100,
      manifest: '/var/m.db',
      digest: 2,
      adminListen: 'none',
      idleTimeout: 1500,
      endpointUrl: 'https://s3.example.org/x',
    };
    const flags = {
      listen: '0.0.0.0:80',
      tlsCert: 'c.pem',
      store: 'dir:/srv',
      domain: ['s3.example.org', 'x'],
      keyFile: ['a', 'b'],
      bucket: ['restored=backup', 'b=c'],
      namesInContext: false,
      pathStyle: true,
      memory: '1GiB',
      minPart: '64',
      maxParts: '100',
      manifest: 'sqlite:/var/m.db',
      digest: 'sha256-fragments',
      adminListen: 'none',
      idleTimeout: '1.5s',
      endpointUrl: 'https://s3.example.org/x',
    };
    const env = {
      SEALPART_GATEWAY_LISTEN: '0.0.0.0:80',
      SEALPART_GATEWAY_TLS_CERT: 'c.pem',
      SEALPART_GATEWAY_STORE: 'dir:/srv',
      SEALPART_GATEWAY_DOMAINS: 's3.example.org,x',
      SEALPART_GATEWAY_KEY_FILES: 'a,b',
      SEALPART_GATEWAY_BUCKETS: 'restored=backup,b=c',
      SEALPART_GATEWAY_NAMES_IN_CONTEXT: 'false',
      SEALPART_GATEWAY_PATH_STYLE: 'true',
      SEALPART_GATEWAY_MEMORY: '1 GiB',
      SEALPART_GATEWAY_MIN_PART: '64',
      SEALPART_GATEWAY_MAX_PARTS: '100',
      SEALPART_GATEWAY_MANIFEST: 'sqlite:/var/m.db',
      SEALPART_GATEWAY_DIGEST: 'sha256-fragments',
      SEALPART_GATEWAY_ADMIN_LISTEN: 'none',
      SEALPART_GATEWAY_IDLE_TIMEOUT: '1500ms',
      SEALPART_GATEWAY_ENDPOINT_URL: 'https://s3.example.org/x',
    };
    const of = (sources: Partial<ConfigSources>) => readGatewayConfig({ ...nothing, ...sources });
    const byFlags = of({ flags });
    expect(byFlags.config).toMatchObject(wanted);
    expect(of({ env }).config).toEqual(byFlags.config);
    // What is printed as the effective configuration is a file that says the same.
    const printed = JSON.parse(JSON.stringify(effectiveConfig(byFlags)));
    expect(of({ file: { name: 'printed', value: printed } }).config).toEqual(byFlags.config);
  });
});

describe('O03: what is wrong is named, with where it stands and what was expected', () => {
  it.each([
    [{ flags: { listen: '9440' } }, '--listen is "9440": expected HOST:PORT, as 127.0.0.1:9440 or [::1]:9440.'],
    [{ flags: { listen: 'h:65536' } }, '--listen is "h:65536": expected HOST:PORT, as 127.0.0.1:9440 or [::1]:9440.'],
    [{ env: { SEALPART_GATEWAY_LISTEN: '' } }, 'SEALPART_GATEWAY_LISTEN is "": expected HOST:PORT'],
    [{ env: { SEALPART_GATEWAY_MEMORY: '1MiB' } }, 'SEALPART_GATEWAY_MEMORY is "1MiB": expected a size from 32MiB'],
    [
      { env: { SEALPART_GATEWAY_WORKERS: 'two' } },
      'SEALPART_GATEWAY_WORKERS is "two": expected a whole number from 0 to 256.',
    ],
    [{ env: { SEALPART_GATEWAY_PATH_STYLE: 'yes' } }, 'SEALPART_GATEWAY_PATH_STYLE is "yes": expected true or false.'],
    [{ flags: { bucket: ['a'] } }, '--bucket is "a": expected names of buckets for names of buckets'],
    [{ flags: { bucket: ['a=b', 'a=c'] } }, '--bucket is "a=b,a=c": expected names of buckets'],
    [{ flags: { store: '/srv' } }, '--store is "/srv": expected dir:PATH or s3.'],
    [{ flags: { store: 'dir:' } }, '--store is "dir:": expected dir:PATH or s3.'],
    [{ flags: { manifest: 'none' } }, '--manifest is "none": expected sqlite:PATH.'],
    [{ flags: { etag: 'sha' } }, '--etag is "sha": expected md5 or opaque.'],
    [{ flags: { digest: 'toString' } }, '--digest is "toString": expected sha256-tags'],
    [{ flags: { idleTimeout: '60' } }, '--idle-timeout is "60": expected a time from 100ms to 24h'],
    [{ flags: { endpointUrl: 'ftp://x' } }, '--endpoint-url is "ftp://x": expected a URL as https://s3.example.org'],
    [{ file: { name: 'gw.json', value: { listen: 9440 } } }, 'listen in gw.json is 9440: expected HOST:PORT'],
    [{ file: { name: 'gw.json', value: { listen: null } } }, 'listen in gw.json is null: expected HOST:PORT'],
    [
      { file: { name: 'gw.json', value: { keyFiles: 'a' } } },
      'keyFiles in gw.json is "a": expected paths of key files.',
    ],
    [{ file: { name: 'gw.json', value: { workers: '2' } } }, 'workers in gw.json is "2": expected a whole number'],
    [{ file: { name: 'gw.json', value: { lisen: 'x' } } }, 'lisen in gw.json is no setting.'],
    [{ file: { name: 'gw.json', value: { constructor: 1 } } }, 'constructor in gw.json is no setting.'],
    [{ file: { name: 'gw.json', value: [] } }, 'gw.json is no configuration: expected a JSON object.'],
    [{ env: { SEALPART_GATEWAY_LISEN: 'x' } }, 'SEALPART_GATEWAY_LISEN is no setting.'],
    [
      { flags: { etag: 'x' }, env: { SEALPART_GATEWAY_STORE: 'x' } },
      'SEALPART_GATEWAY_STORE is "x": expected dir:PATH or s3. --etag is "x": expected md5 or opaque.',
    ],
  ] as const)('%j', (sources, message) => {
    expect(faultOf(sources)).toContain(message);
  });

  it('also where something else counts', () => {
    const env = { SEALPART_GATEWAY_ETAG: 'sha' };
    expect(faultOf({ flags: { etag: 'md5' }, env })).toBe('SEALPART_GATEWAY_ETAG is "sha": expected md5 or opaque.');
  });

  it('a password in an address is not repeated', () => {
    const message = faultOf({ flags: { endpointUrl: 'https://me:hunter2@s3.example.org' } });
    expect(message).toBe(
      '--endpoint-url is not right: expected a URL as https://s3.example.org, without credentials in it.',
    );
  });

  it('what Kubernetes sets for a service of our name is not ours', () => {
    const env = {
      SEALPART_GATEWAY_SERVICE_HOST: '10.0.0.1',
      SEALPART_GATEWAY_SERVICE_PORT: '9440',
      SEALPART_GATEWAY_SERVICE_PORT_S3: '9440',
      SEALPART_GATEWAY_PORT: 'tcp://10.0.0.1:9440',
      SEALPART_GATEWAY_PORT_9440_TCP: 'tcp://10.0.0.1:9440',
      SEALPART_GATEWAY_PORT_9440_TCP_ADDR: '10.0.0.1',
      SEALPART_GATEWAY_CONFIG: 'gw.json',
    };
    expect(readGatewayConfig({ ...nothing, env }).given.size).toBe(0);
  });
});

describe('settings beside each other', () => {
  const machine = { hasSoleAccessKey: true, machineBytes: 2 ** 32 };
  const check =
    (flags: Record<string, unknown>, ground = machine) =>
    () =>
      checkConfig(readGatewayConfig({ flags, env: {} }), ground);

  it.each([
    [{}],
    [{ tlsCert: 'c', tlsKey: 'k' }],
    [{ store: 's3', keyFile: ['k'], endpointUrl: 'http://127.0.0.1:1' }],
    [{ store: 'dir:/x', keyFile: ['k'], minPart: '1', maxPart: '2' }],
    [{ listen: '127.0.0.1:0', adminListen: '127.0.0.1:0' }],
  ])('%j goes together', (flags) => {
    expect(check(flags)).not.toThrow();
  });

  it.each([
    [{ tlsCert: 'c' }, '--tls-cert is given, and --tls-key is not: https needs both.'],
    [{ tlsKey: 'c' }, '--tls-key is given, and --tls-cert is not: https needs both.'],
    [{ endpointUrl: 'http://x' }, '--endpoint-url is for --store s3'],
    [{ store: 'dir:/x', keyFile: ['k'], pathStyle: false }, '--path-style is for --store s3'],
    [{ store: 's3' }, 'There is no key to encrypt with: make one by `sealpart keygen -o FILE`'],
    [{ store: 'dir:/x' }, 'There is no key to encrypt with'],
    [{ memory: '5GiB' }, '--memory is 5120 MiB: this process can have 4096 MiB, expected less than that.'],
    [{ minPart: '2', maxPart: '1' }, '--min-part is more than --max-part'],
    [{ adminListen: '127.0.0.1:9440' }, '--admin-listen is the address that clients connect to'],
  ])('%j does not', (flags, message) => {
    expect(check(flags)).toThrow(message);
  });

  it('a store of one’s own needs somebody who may connect', () => {
    const ground = { ...machine, hasSoleAccessKey: false };
    for (const store of ['s3', 'dir:/x']) {
      expect(check({ store, keyFile: ['k'] }, ground)).toThrow('There is no access key, so nobody could connect');
      expect(check({ store, keyFile: ['k'], accessKeys: 'f' }, ground)).not.toThrow();
    }
  });
});

describe('names and schema', () => {
  it('a setting has one flag and one variable', () => {
    expect([flagOf('tlsCert'), flagProperty('tlsCert'), variableOf('tlsCert')]).toEqual([
      '--tls-cert',
      'tlsCert',
      'SEALPART_GATEWAY_TLS_CERT',
    ]);
    expect([flagOf('keyFiles'), flagProperty('keyFiles'), variableOf('keyFiles')]).toEqual([
      '--key-file',
      'keyFile',
      'SEALPART_GATEWAY_KEY_FILES',
    ]);
    for (const nameOf of [flagOf, flagProperty, variableOf]) {
      expect(new Set(settingNames.map(nameOf)).size).toBe(settingNames.length);
    }
  });

  it('the schema has every setting, with what is expected and its default, and nothing else is allowed', () => {
    const { properties, additionalProperties } = configJsonSchema() as {
      properties: Record<string, { description?: string; type: string; default?: unknown }>;
      additionalProperties: boolean;
    };
    expect(Object.keys(properties)).toEqual(['$schema', ...settingNames]);
    expect(additionalProperties).toBe(false);
    for (const name of settingNames) {
      expect(properties[name]!.description).toContain(settingWords[name].expected);
      expect(properties[name]!.default).toEqual(settingWords[name].fallback);
    }
    expect(properties.memory).toMatchObject({ type: 'string', default: '256MiB' });
    expect(properties.keyFiles).toMatchObject({ type: 'array', items: { type: 'string' } });
  });
});
