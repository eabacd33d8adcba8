import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverAvailable } from '../../../test/support/servers/start-server.ts';
import { awsPath, findOnPath } from '../../servers/server-place.ts';
import type { BenchOptions, Figure } from '../bench.ts';
import { runRounds, type SideRun } from '../rounds.ts';
import { runProcess, runSealpart } from '../sealpart-process.ts';
import { cpuPerGiBFigure, ratioFigure, speedFigure } from '../speed-figures.ts';
import { type S3Place, type ServedBucket, serve } from './s3-place.ts';
import { runTimed } from './timed-process.ts';

/** How all of them are told to go about it. */
interface Measures {
  readonly segmentSizeBytes: number;
  readonly inFlight: number;
  readonly workers: number;
}

/** A program that puts the content and gets it back, as a process of its own each time. */
interface Program {
  readonly name: string;
  readonly put: SideRun;
  readonly get: SideRun;
}

type Found = Program | { readonly missing: string };

/** Command lines beside each other, on a real server: the null one's ETags are no checksums, which they compare. */
export async function measureWholePrograms(
  place: S3Place,
  measures: Measures,
  options: BenchOptions,
): Promise<{ readonly figures: readonly Figure[]; readonly notes: readonly string[] }> {
  if (!serverAvailable('versitygw')) {
    return { figures: [], notes: ['No whole programs: versitygw is not installed (npm run servers -- install).'] };
  }
  options.progress('s3, whole programs');
  const server = await serve('versitygw', place);
  try {
    const ours = await sealpart(place, server, measures);
    const others = [await awsCli(place, server, measures), await rclone(place, server, measures)];
    const programs = [ours, ...others.filter((found) => 'name' in found)];
    const sides = programs.flatMap(({ name, put, get }): [string, SideRun][] => [
      [`${name}, up`, put],
      [`${name}, down`, get],
    ]);
    const results = await runRounds(Object.fromEntries(sides), place.sizeBytes, options.rounds);
    const figures = programs.flatMap(({ name }) =>
      ['up', 'down'].flatMap((way) => {
        const side = results[`${name}, ${way}`]!;
        const own = results[`${ours.name}, ${way}`]!;
        const ratio = name === ours.name ? [] : [ratioFigure(`${ours.name} to ${name}, ${way}`, own, side)];
        return [...ratio, speedFigure(`${name}, ${way}`, side), cpuPerGiBFigure(`${name}, ${way}`, side)];
      }),
    );
    return { figures, notes: others.flatMap((found) => ('missing' in found ? [found.missing] : [])) };
  } finally {
    await server.stop();
  }
}

function credentialsOf({ accessKeyId, secretAccessKey, region }: ServedBucket): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region };
}

async function sealpart(place: S3Place, server: ServedBucket, measures: Measures): Promise<Program> {
  const { folder, cliPath, contentPath, manifestPath } = place;
  const key = join(folder, 'key');
  await runSealpart(['keygen', '-o', key, '--quiet'], cliPath);
  const url = `s3://${server.bucket}/sealpart`;
  const back = join(folder, 'back-sealpart');
  const run = (command: string, ...args: readonly string[]) =>
    runTimed(
      [
        ...[process.execPath, cliPath, command, '--key-file', key, '--quiet', '--endpoint-url', server.endpoint],
        ...['--workers', `${measures.workers}`, ...args],
      ],
      credentialsOf(server),
    );
  const segments = ['--segment-size', `${measures.segmentSizeBytes / 2 ** 20}MiB`];
  return {
    name: 'sealpart',
    put: () => run('put', ...segments, '--manifest', `sqlite:${manifestPath}`, contentPath, url),
    get: () => intoNew(back, () => run('get', url, back)),
  };
}

/** A file that is there already would be written over, whose pages are in place. */
async function intoNew<T>(path: string, run: () => Promise<T>): Promise<T> {
  await rm(path, { force: true });
  return run();
}

async function awsCli(place: S3Place, server: ServedBucket, measures: Measures): Promise<Found> {
  const command = existsSync(awsPath()) ? awsPath() : findOnPath('aws');
  const missing = 'Not measured beside aws s3 cp: there is no aws that runs.';
  if (command === undefined || !(await runs(command, '--version'))) return { missing };
  const config = join(place.folder, 'aws-config');
  const size = `${measures.segmentSizeBytes / 2 ** 20}MB`;
  const lines = [`multipart_chunksize = ${size}`, `max_concurrent_requests = ${measures.inFlight}`];
  await writeFile(config, `[default]\ns3 =\n  ${lines.join('\n  ')}\n`);
  const url = `s3://${server.bucket}/aws`;
  const back = join(place.folder, 'back-aws');
  const copy = (from: string, to: string) =>
    runTimed([command, '--endpoint-url', server.endpoint, 's3', 'cp', '--only-show-errors', from, to], {
      ...credentialsOf(server),
      AWS_CONFIG_FILE: config,
      AWS_EC2_METADATA_DISABLED: 'true',
    });
  return {
    name: 'aws s3 cp (plain)',
    put: () => copy(place.contentPath, url),
    get: () => intoNew(back, () => copy(url, back)),
  };
}

async function rclone(place: S3Place, server: ServedBucket, measures: Measures): Promise<Found> {
  const command = findOnPath('rclone');
  if (command === undefined || !(await runs(command, 'version'))) {
    return { missing: 'Not measured beside rclone copyto: there is no rclone that runs.' };
  }
  const config = join(place.folder, 'rclone.conf');
  const store = [`[store]`, 'type = s3', 'provider = Other', `endpoint = ${server.endpoint}`, 'env_auth = true'];
  await writeFile(config, `${store.join('\n')}\nregion = ${server.region}\nforce_path_style = true\n\n`);
  // It writes the password itself, in the form that it wants.
  const crypt = [`remote=store:${server.bucket}/rclone`, 'filename_encryption=off', 'password=measured', '--obscure'];
  await runProcess(command, ['--config', config, 'config', 'create', 'crypt', 'crypt', ...crypt]);
  const flags = [
    ...['--config', config, '--s3-chunk-size', `${measures.segmentSizeBytes / 2 ** 20}Mi`, '--s3-no-check-bucket'],
    ...['--s3-upload-concurrency', `${measures.inFlight}`, '--multi-thread-streams', `${measures.inFlight}`],
  ];
  const back = join(place.folder, 'back-rclone');
  const copy = (from: string, to: string) =>
    runTimed([command, 'copyto', '--ignore-times', ...flags, from, to], credentialsOf(server));
  return {
    name: 'rclone copyto, crypt',
    put: () => copy(place.contentPath, 'crypt:content'),
    get: () => intoNew(back, () => copy('crypt:content', back)),
  };
}

async function runs(command: string, ...args: readonly string[]): Promise<boolean> {
  try {
    await runProcess(command, args);
    return true;
  } catch {
    return false;
  }
}
