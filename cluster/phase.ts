import type { LeaderState } from './leader.ts';

/**
 * This node's phase in the partition:
 * - `idle`: it has no part, or may not play it now; `following`: it pulls from the leader;
 * - `claiming`: a compare-and-swap that would make it leader is under way;
 * - `starting`: it leads, and its epoch's first entry is not committed yet; `serving`: it takes commands;
 * - `frozen`: it hands over, and what arrives is held.
 */
export type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'following'; readonly leader: string }
  | { readonly kind: 'claiming' }
  | {
      readonly kind: 'starting';
      readonly epoch: number;
      readonly leading: LeaderState;
      readonly first: number;
      readonly state: Buffer | undefined;
    }
  | { readonly kind: 'serving'; readonly epoch: number; readonly leading: LeaderState; readonly first: number }
  | {
      readonly kind: 'frozen';
      readonly epoch: number;
      readonly leading: LeaderState;
      readonly first: number;
      readonly handover: Handover;
    };

/** A handover under way, at the leader. */
export interface Handover {
  readonly target: string;
  /** A draining leader leaves the in-sync set by the same step. */
  readonly leaving: boolean;
  readonly deadlineMs: number;
  step: 'committing' | 'sent' | 'ready' | 'swapping';
}

/** A leader that holds everything back until its successor is named. */
export type FrozenPhase = Extract<Phase, { kind: 'frozen' }>;
