import * as z from 'zod'
import { NEWS_EVENTS } from '../notify/news.ts'

/**
 * The config names destinations, and never has their addresses. So no repository can make Perch send something to an address of
 * its choice.
 */
const DestinationName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be the name of a destination that Perch was started with, never a URL')

export const NotifyConfig = z
  .array(
    z.strictObject({
      to: DestinationName.describe('Name of a destination that Perch was started with.'),
      on: z
        .array(z.enum(NEWS_EVENTS))
        .nonempty()
        .default([...NEWS_EVENTS])
        .describe('Which events. Default: all.'),
    }),
  )
  .max(20)
