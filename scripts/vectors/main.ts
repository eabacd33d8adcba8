import { runVectors } from './run-vectors.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: npm run vectors -- DIR      DIR holds accept/*.json, refuse/*.json and records.json');
  process.exitCode = 2;
} else {
  const { passed, failures } = await runVectors(directory);
  for (const { name, reason } of failures) console.log(`FAILED ${name}: ${reason}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  if (failures.length > 0) process.exitCode = 1;
}
