/** Which server a connection goes to, and the queues (by index) that it takes in turn. */
export interface Assignment {
  readonly server: number;
  readonly queues: readonly number[];
}

/**
 * Shares queues and servers out among connections. Without `ownerOf` connection i goes to server i mod `servers` and
 * takes every queue whose index is i mod the smaller of connections and queues. With it a connection takes only queues
 * that its server owns; a server that owns none gets no connection. No queue is left out, unless there are fewer
 * connections than owners.
 */
export function assignConnections(
  connections: number,
  queues: number,
  servers: number,
  ownerOf?: (queue: number) => number,
): Assignment[] {
  if (ownerOf === undefined) {
    const all = indexes(queues);
    return indexes(connections).map((i) => ({ server: i % servers, queues: share(all, i, connections) }));
  }
  const owned = indexes(servers).map((server) => indexes(queues).filter((queue) => ownerOf(queue) === server));
  const busy = indexes(servers).filter((server) => (owned[server] as number[]).length > 0);
  return indexes(connections).map((i) => {
    const place = i % busy.length;
    const server = busy[place] as number;
    const turns = Math.ceil((connections - place) / busy.length);
    return { server, queues: share(owned[server] as number[], Math.floor(i / busy.length), turns) };
  });
}

/** The `turn`th of `turns` shares: a part of its own where there is enough, else one that others have too. */
function share(queues: readonly number[], turn: number, turns: number): number[] {
  const shares = Math.min(turns, queues.length);
  return queues.filter((_, index) => index % shares === turn % shares);
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
