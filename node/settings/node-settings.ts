import { stringify } from 'yaml';
import { WindhoverError } from '../../journal/base/errors.ts';
import { type NodeConfig, parseNodeConfig, writeNodeConfig } from '../config.ts';
import { readSettingsFile } from './settings-file.ts';

/** What a node was started with. */
export interface NodeSettings {
  readonly config: NodeConfig;
  /** The settings of queues and aliases in its file, if there are any: see `offerSettings`. */
  readonly offered: string | undefined;
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
    const parsed = parseNodeConfig({ ...file?.node, ...flags });
    if ('problems' in parsed) return parsed;
    return { config: parsed.config, offered: file?.value, path };
  } catch (error) {
    return { problems: WindhoverError.from(error, 'the configuration').message.split('\n') };
  }
}

/** As a file that says the same. */
export function printedConfig({ config, offered }: NodeSettings): string {
  const ofCluster = JSON.parse(offered ?? '{}') as object;
  return stringify({ node: writeNodeConfig(config), ...ofCluster }).trimEnd();
}
