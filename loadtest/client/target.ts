import { ClientError } from './errors.ts';

/** A server's address. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, the label by which a ring knows the server. */
export function targetLabel(target: Target): string {
  return `${target.host}:${target.port}`;
}

/** Reads `host:port,host:port…` (an IPv6 host in brackets). Throws a `ClientError`, `invalid`, when there is none or one is wrong. */
export function parseTargets(text: string): Target[] {
  const targets = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseTarget);
  if (targets.length === 0) throw new ClientError('invalid', 'no target given: want host:port,host:port…');
  return targets;
}

function parseTarget(text: string): Target {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new ClientError('invalid', `not a target: ${text} (want host:port)`);
  }
  return { host, port };
}
