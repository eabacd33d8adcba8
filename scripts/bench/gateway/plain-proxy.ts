import { Agent, createServer, request } from 'node:http';

// A reverse proxy of plain Node: what no gateway on node:http can be faster than. Run by the bench as a process of its own:
// `node plain-proxy.ts PORT_OF_THE_STORE`, which prints the port that it listens on.

const target = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

const server = createServer((incoming, outgoing) => {
  const { method, url, headers } = incoming;
  // The Host header stays as it was signed.
  const forwarded = request({ host: '127.0.0.1', port: target, method, path: url, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
  });
  forwarded.on('error', () => outgoing.destroy());
  incoming.pipe(forwarded);
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`listening on ${address.port}`);
});
