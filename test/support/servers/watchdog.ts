import { spawn } from 'node:child_process';

// Runs a command and kills it when standard input ends, as it does when whoever holds the other end dies.

const [command, ...args] = process.argv.slice(2);
const child = spawn(command!, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
child.once('exit', (code) => process.exit(code ?? 1));
process.stdin.resume();
process.stdin.once('close', () => child.kill('SIGKILL'));
