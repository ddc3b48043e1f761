export const tuneModes = ['auto', 'head', 'tail', 'whole'] as const;
/** What is trained beside the head. `auto`: the tail where validation shows that it gains, else nothing. */
export type TuneMode = (typeof tuneModes)[number];
