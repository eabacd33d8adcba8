import { conformanceSuite } from '../compat/suite.ts';
import { awsCli } from './aws-cli.ts';
import { debianProgram } from './debian-program.ts';
import { goProgram } from './go-program.ts';
import { runPrograms } from './run-programs.ts';

const programs = [
  goProgram('versitygw', 'github.com/versity/versitygw/cmd/versitygw', 'S3 server over plain files'),
  goProgram('minio', 'github.com/minio/minio', 'S3 server'),
  debianProgram({
    name: 'rgw',
    what: "Ceph's S3 server",
    packages: ['ceph-mon', 'ceph-osd', 'radosgw'],
    commands: ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'monmaptool', 'osdmaptool'],
    versionArgument: '--version',
  }),
  conformanceSuite,
  awsCli,
  goProgram('rclone', 'github.com/rclone/rclone', 'gateway to be compared with'),
];

await runPrograms({ command: 'npm run servers', kind: 'server or client', programs }, process.argv.slice(2));
