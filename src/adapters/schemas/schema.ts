import * as z from 'zod'

/** The parts that we use of a compiled schema's exception: ajv's errors. */
export const Unfit = z.object({
  errors: z.array(
    z.object({
      instancePath: z.string(),
      keyword: z.string(),
      params: z.object({
        type: z.union([z.string(), z.array(z.string())]).optional(),
        limit: z.number().optional(),
        missingProperty: z.string().optional(),
        allowedValues: z.array(z.unknown()).optional(),
        pattern: z.string().optional(),
        format: z.string().optional(),
      }),
    }),
  ),
})

export type SchemaComplaint = z.infer<typeof Unfit>['errors'][number]
