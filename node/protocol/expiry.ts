/** Below this an `exptime` counts from now, else from 1970 (Kestrel's bound, not memcached's 30 days). */
const firstAbsoluteSeconds = 1_000_000;

/** When an item with this `exptime` expires, in wall clock time; 0 never. A negative one lies in the past. */
export function expiresAtMs(exptimeSeconds: number, nowMs: number): number {
  if (exptimeSeconds === 0) return 0;
  if (exptimeSeconds < 0) return 1;
  return exptimeSeconds * 1000 + (exptimeSeconds < firstAbsoluteSeconds ? nowMs : 0);
}
