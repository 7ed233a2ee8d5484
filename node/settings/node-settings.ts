import { stringify } from 'yaml';
import { WindhoverError } from '../../journal/base/errors.ts';
import { type NodeConfig, parseNodeConfig, writeNodeConfig } from '../config.ts';
import { type Replication, replicationKeys } from './replication.ts';
import { readSettingsFile } from './settings-file.ts';

/** What a node was started with. */
export interface NodeSettings {
  readonly config: NodeConfig;
  /** The settings of queues and aliases in its file, if there are any: see `offerSettings`. */
  readonly offered: string | undefined;
  /** What its file and its flags say of the cluster's copies and partitions, which counts for the first node alone. */
  readonly replication: Replication;
  /** Its file, if it has one. */
  readonly path: string | undefined;
}

/** A node's settings from its file, if it has one, and from its flags, which go first; or a line for each thing wrong. */
export function readNodeConfig(
  path: string | undefined,
  flags: object,
): NodeSettings | { readonly problems: string[] } {
  try {
    const file = path === undefined ? undefined : readSettingsFile(path);
    const said = { ...file?.node, ...file?.replication, ...flags };
    const parsed = parseNodeConfig(said);
    if ('problems' in parsed) return parsed;
    const { config } = parsed;
    const replication = Object.fromEntries(
      replicationKeys.filter((key) => key in said).map((key) => [key, config[key]]),
    );
    return { config, offered: file?.value, replication, path };
  } catch (error) {
    return { problems: WindhoverError.from(error, 'the configuration').message.split('\n') };
  }
}

/** As a file that says the same. */
export function printedConfig({ config, offered }: NodeSettings): string {
  const ofCluster = JSON.parse(offered ?? '{}') as object;
  const { replicas, partitionsPerLabel, ...node } = writeNodeConfig(config);
  return stringify({ node, replication: { replicas, partitionsPerLabel }, ...ofCluster }).trimEnd();
}
