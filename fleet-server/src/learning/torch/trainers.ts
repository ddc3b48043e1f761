export const trainers = ['builtin', 'torch'] as const;
/** Who fine-tunes: the server itself, or the PyTorch trainer that a launcher starts. */
export type Trainer = (typeof trainers)[number];
