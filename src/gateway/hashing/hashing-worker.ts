import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { assert } from '../../assert.ts';
import { HashingTasks } from './hashing-tasks.ts';
import type { HashingTask } from './messages.ts';

const port = parentPort;
assert(port !== null, 'it runs in a thread');

const tasks = new HashingTasks((report) => port.postMessage(report));

port.on('message', (first: HashingTask) => {
  const all = [first];
  // What has come meanwhile is taken with it, so that little stretches are reported together.
  for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
    all.push(more.message as HashingTask);
  }
  // What it fails with ends the thread, and so is told to whoever waits for it.
  tasks.take(all);
});
