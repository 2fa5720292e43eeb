import type { FamilyName, LabelsOf } from '../core/watch/families.ts'

/** Counts what happens, for the service's metrics. Never waits, and never fails. */
export interface Meter {
  /** Adds to a counter (1 by default), sets a gauge, or adds an observation to a histogram. */
  record<Name extends FamilyName>(name: Name, labels: LabelsOf<Name>, value?: number): void
}

/** A meter that records nothing. */
export const UNWATCHED: Meter = { record: () => undefined }
