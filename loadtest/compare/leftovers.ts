import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * What must not outlive this process: everything started and every folder made is noted here, and ended or removed when
 * this process exits, in whatever way it still notices.
 */
const processes = new Set<ChildProcess>();
const folders = new Set<string>();
let isWatching = false;

/** A process that leads a group of its own. It is forgotten once all of the group has ended. */
export function noteProcess(child: ChildProcess): void {
  watch();
  processes.add(child);
  const forget = (): void => {
    processes.delete(child);
  };
  child.once('error', forget);
  child.once('close', forget);
}

/** Ends the process and all of its group at once; nothing happens when they have ended. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || !processes.has(child)) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left in the group: what we want.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Runs `use` with a new empty folder inside of `parent`, which is removed afterwards. */
export async function withFolder<T>(parent: string | undefined, use: (folder: string) => Promise<T>): Promise<T> {
  watch();
  const folder = mkdtempSync(path.join(parent ?? os.tmpdir(), 'windhover-compare-'));
  folders.add(folder);
  try {
    return await use(folder);
  } finally {
    removeFolder(folder);
  }
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(folder);
}

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  process.once('exit', () => {
    for (const child of processes) killGroup(child);
    for (const folder of folders) removeFolder(folder);
  });
}
