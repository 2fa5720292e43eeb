import * as z from 'zod'

/** Compiling a schema takes longer than reading a few texts with it, and that is all that a command on a checkout does. */
export function interpretSchemas(): void {
  z.config({ jitless: true })
}
