/**
 * The messages of peer.proto as `windhover.peer.…`, each with `encode` and `decode`, and its types. The one place that
 * knows where the generated code is: `npm run proto` makes it, nobody edits it.
 */
// biome-ignore lint/performance/noBarrelFile: one door to generated code
export { windhover } from './gen/peer.js';
