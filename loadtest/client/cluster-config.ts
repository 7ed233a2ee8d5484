import type { Target } from './target.ts';

/** A server of a cluster. */
export interface Server extends Target {
  /** `host:port` as the ring knows it; where to connect to may be another address. */
  readonly label: string;
}

/** What a cluster says of itself. */
export interface ClusterConfig {
  readonly version: number;
  readonly servers: readonly Server[];
}

/**
 * Reads the block that answers `config get cluster` (AWS ElastiCache auto discovery): a line with a version, a line of
 * `host|ip|port` separated by spaces. The ip may be empty. Undefined when it is not that.
 */
export function parseClusterConfig(text: string): ClusterConfig | undefined {
  const [versionText = '', serversText = ''] = text.split(/\r?\n/);
  const version = Number(versionText.trim());
  const words = serversText.split(' ').filter((word) => word !== '');
  if (versionText.trim() === '' || !Number.isSafeInteger(version) || words.length === 0) return undefined;
  const servers = words.map(parseServer).filter((server) => server !== undefined);
  return servers.length === words.length ? { version, servers } : undefined;
}

function parseServer(word: string): Server | undefined {
  const [name = '', ip = '', portText = '', ...rest] = word.split('|');
  const port = Number(portText);
  const host = ip === '' ? name : ip;
  if (host === '' || rest.length > 0 || !(Number.isInteger(port) && port >= 1 && port <= 65_535)) return undefined;
  return { label: `${name === '' ? ip : name}:${port}`, host, port };
}
