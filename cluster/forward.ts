/** The forwarding channel between two nodes: see ForwardClient for the promise, ADR 0005 for the protocol. */
// biome-ignore lint/performance/noBarrelFile: the two ends of one channel
export { ForwardClient, type ForwardClientOptions, type ForwardLimits } from './forward-client.ts';
export { ForwardServer } from './forward-server.ts';
