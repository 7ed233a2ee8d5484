/** What a node does for its clients; from one to the next it does less. */
export const statusNames = ['up', 'readonly', 'quiescent'] as const;
export type StatusName = (typeof statusNames)[number];
