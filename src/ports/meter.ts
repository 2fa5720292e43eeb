import type { FamilyName, LabelsOf } from '../core/watch/families.ts'

/** Counts what happens, for those who watch the service. Never waits, and never fails. */
export interface Meter {
  /** Adds to a counter (1 unless told), sets a gauge, or adds an observation to a histogram. */
  record<Name extends FamilyName>(name: Name, labels: LabelsOf<Name>, value?: number): void
}

/** Where nobody watches. */
export const UNWATCHED: Meter = { record: () => undefined }
