import { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addSettingFlags } from './gateway-flags.ts';
import type { OpenGateway } from './gateway-run.ts';
import { addReportFlags, type ReportFlags } from './run-flags.ts';

/** Flags of the command beside those of its settings, which are in config/setting-words.ts. */
export interface GatewayFlags extends ReportFlags {
  readonly config?: string;
  readonly printSchema?: boolean;
  readonly printConfig?: boolean;
}

const examples = `
Examples:
  sealpart gateway                    a store of your own, to try it out: keys are made, and told once
  sealpart gateway --store dir:/srv/store --key-file gateway.key --access-keys access.json
  sealpart gateway --store s3 --endpoint-url https://s3.example.org --key-file gateway.key --access-keys access.json \\
    --listen 0.0.0.0:9440 --tls-cert gateway.pem --tls-key gateway-key.pem

Settings: each also in the environment (--tls-cert: SEALPART_GATEWAY_TLS_CERT), or by its name in the file of --config
          (tlsCert). Flags count before the environment, and that before the file. --print-schema says which names
          there are; --print-config, what counts.
Keys:     what was written opens only with one of the key files. Keep copies of them outside of the store.
Access:   {"keys": [{"id": "backup", "secret": "40 random characters", "rules": [{"access": "write", "buckets":
          ["backup-*"], "prefixes": ["2026/"]}]}], "anonymous": []}. Access is read, write or admin, each with those
          before it; without buckets or prefixes it is for all. SEALPART_ACCESS_KEY_ID and SEALPART_SECRET_ACCESS_KEY
          are one key more, which may do everything.
Store:    with --store s3, the credentials for it are found as every AWS tool finds them (AWS_ACCESS_KEY_ID, …).
Signals:  SIGHUP reads the access keys and the certificate again, and opens the access log anew; SIGTERM and SIGINT let
          requests end first, and a second one ends at once.`;

/** @param open only tests give one */
export function gatewayCommand(context: CliContext, open?: OpenGateway): Command {
  const command = new Command('gateway')
    .summary('serve S3 clients: what lies behind is ciphertext')
    .description('An S3 endpoint in front of a store: clients read and write objects, the store sees ciphertext only.')
    .optionsGroup('Configuration:')
    .option('--config <file>', 'a JSON file of settings (default: SEALPART_GATEWAY_CONFIG, if it is set)')
    .option('--print-schema', 'print the JSON Schema of that file, and end')
    .option('--print-config', 'print what is set by flags, environment, file and defaults, and end');
  return addReportFlags(addSettingFlags(command))
    .addHelpText('after', examples)
    .action(async (flags: GatewayFlags) => {
      // Loaded when it is needed: other commands need no server.
      const { runGateway } = await import('./gateway-run.ts');
      await runGateway(flags, context, open);
    });
}
