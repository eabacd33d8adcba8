import { join } from 'node:path';

interface Cluster {
  readonly cluster: string;
  readonly clusterId: string;
  readonly port: number;
  /** The monitor's addresses, as Ceph writes them. */
  readonly monitor: string;
  readonly storeBytes: number;
  readonly certificatePath?: string;
  readonly keyPath?: string;
}

/** A cluster that keeps everything once, in memory, on this machine, and waits for nothing. */
export function cephConfiguration(cluster: Cluster): string {
  const at = (name: string): string => join(cluster.cluster, name);
  const front =
    cluster.certificatePath === undefined
      ? `beast endpoint=127.0.0.1:${cluster.port} tcp_nodelay=1`
      : `beast ssl_endpoint=127.0.0.1:${cluster.port} ssl_certificate=${cluster.certificatePath} ` +
        `ssl_private_key=${cluster.keyPath} tcp_nodelay=1`;
  return section({
    global: {
      fsid: cluster.clusterId,
      mon_host: cluster.monitor,
      public_network: '127.0.0.0/8',
      ...{ auth_cluster_required: 'none', auth_service_required: 'none', auth_client_required: 'none' },
      keyring: at('keyring'),
      log_file: at('$name.log'),
      mon_cluster_log_file: at('cluster.log'),
      admin_socket: at('$name.$pid.asok'),
      crash_dir: cluster.cluster,
      // One copy on one store.
      ...{ osd_pool_default_size: 1, osd_pool_default_min_size: 1, mon_allow_pool_size_one: true },
      ...{ osd_pool_default_pg_num: 8, osd_pool_default_pg_autoscale_mode: 'off', mon_max_pg_per_osd: 2000 },
      osd_crush_chooseleaf_type: 0,
      mon_data_avail_crit: 1,
      // A monitor alone has nobody to agree with: each decision would be put off by a twentieth of a second or more.
      ...{ paxos_propose_interval: 0.002, paxos_min_wait: 0.001 },
      // Otherwise a client that comes before the store is up looks again after five seconds.
      objecter_tick_interval: 0.1,
    },
    'mon.a': { mon_data: at('mon') },
    'osd.0': { osd_data: at('osd'), osd_objectstore: 'memstore', memstore_device_bytes: cluster.storeBytes },
    'client.rgw': {
      // Without it the gateway and the monitor, which have no keys, cannot agree on a connection for seconds.
      ms_mon_client_mode: 'crc',
      rgw_frontends: front,
      rgw_dns_name: 'localhost',
      ...{ rgw_crypt_require_ssl: false, rgw_crypt_s3_kms_backend: 'testing' },
      // What is deleted is gone soon: the memory is small.
      ...{ rgw_gc_obj_min_wait: 0, rgw_gc_processor_period: 2, rgw_gc_processor_max_time: 60 },
    },
  });
}

function section(sections: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>): string {
  const lines = Object.entries(sections).flatMap(([name, values]) => [
    `[${name}]`,
    ...Object.entries(values).map(([key, value]) => `${key} = ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}
