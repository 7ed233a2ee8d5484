/** A queue of a Kestrel's journal folder, and its files in the order in which they are read. */
export interface KestrelQueueFiles {
  readonly queue: string;
  readonly files: readonly string[];
}

interface Archived {
  readonly name: string;
  readonly timestamp: number;
  readonly packed: boolean;
}

/**
 * Sorts out the names in a Kestrel's journal folder. `QUEUE` is what a queue writes to; `QUEUE.TIMESTAMP` is what it
 * wrote before, and `QUEUE.TIMESTAMP.pack` stands for all of those up to its own time, which it makes void (a crash may
 * have left them). What a rewrite left unfinished (`QUEUE~~TIMESTAMP`) doesn't count. Source: Kestrel's Journal.scala.
 */
export function kestrelQueues(names: readonly string[]): KestrelQueueFiles[] {
  const archived = new Map<string, Archived[]>();
  const current = new Set<string>();
  for (const name of names) {
    if (name.includes('~~')) continue;
    const match = /^([^.]+)\.(\d+)(\.pack)?$/.exec(name);
    if (match === null) {
      if (!name.includes('.')) current.add(name);
      continue;
    }
    const queue = match[1] as string;
    const file = { name, timestamp: Number(match[2]), packed: match[3] !== undefined };
    const files = archived.get(queue);
    if (files === undefined) archived.set(queue, [file]);
    else files.push(file);
  }
  const queues = [...new Set([...current, ...archived.keys()])].sort();
  return queues.map((queue) => ({
    queue,
    files: [...inOrder(archived.get(queue) ?? []), ...(current.has(queue) ? [queue] : [])],
  }));
}

function inOrder(files: readonly Archived[]): string[] {
  const sorted = [...files].sort((a, b) => a.timestamp - b.timestamp);
  const pack = sorted.findLast(({ packed }) => packed);
  const counting = sorted.filter(({ timestamp, packed }) => {
    if (pack === undefined) return true;
    return packed ? timestamp === pack.timestamp : timestamp > pack.timestamp;
  });
  return counting.map(({ name }) => name);
}
