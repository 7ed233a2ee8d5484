/** Below this an `exptime` counts from now, else from 1970 (Kestrel's bound, not memcached's 30 days). */
const firstAbsoluteSeconds = 1_000_000;

/** For how long an item with this `exptime` lives; 0 when that isn't how it says when it expires. */
export function lifeMs(exptimeSeconds: number): number {
  return exptimeSeconds > 0 && exptimeSeconds < firstAbsoluteSeconds ? exptimeSeconds * 1000 : 0;
}

/** When an item with this `exptime` expires, in wall clock time; 0 never, or as long after now as `lifeMs` says. */
export function expiresAtMs(exptimeSeconds: number): number {
  if (exptimeSeconds < 0) return 1;
  return exptimeSeconds < firstAbsoluteSeconds ? 0 : exptimeSeconds * 1000;
}
