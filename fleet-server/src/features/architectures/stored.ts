import type { Normalisation } from '../../learning/architecture/preparations.js';
import type { CheckedArchitecture } from '../../learning/jobs/backbone.js';

/** What the check of an upload found, kept with it. */
export interface StoredArchitecture extends Omit<CheckedArchitecture, 'file'> {
  readonly normalisation: Normalisation;
  /** Library, version and weights of one by name; absent: it was uploaded. */
  readonly origin?: string;
}
