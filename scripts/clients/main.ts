import { runPrograms } from '../servers/run-programs.ts';
import { clients } from './clients.ts';

await runPrograms({ command: 'npm run clients', kind: 'client', programs: clients }, process.argv.slice(2));
