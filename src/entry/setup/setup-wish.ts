import * as z from 'zod'

/** The options of `perch setup`. */
export type SetupWish = z.infer<typeof SetupOptions>

export const SETUP_USAGE =
  'setup takes --url https://<where GitHub reaches Perch>, and may take --org <organization>, --name <name of the App>, --file <file> (default .env), --force, --port <port> and --minutes <how long it waits>'

const SetupOptions = z.object({
  url: z
    .url({ protocol: /^https?$/ })
    .transform((text) => new URL(text))
    .refine(({ username, password, search, hash }) => username + password + search + hash === ''),
  org: z
    .string()
    .regex(/^[a-z\d][\w-]*$/i)
    .optional(),
  /** GitHub's own limit. */
  name: z.string().min(1).max(34).optional(),
  file: z.string().min(1).default('.env'),
  force: z.boolean().default(false),
  /** 0 chooses a free port. */
  port: z.coerce.number().int().min(0).max(65_535).default(0),
  /** GitHub's codes are valid for an hour. */
  minutes: z.coerce.number().positive().max(60).default(15),
})

/** Undefined if a value is missing or invalid. */
export function readSetupWish(options: object): SetupWish | undefined {
  return SetupOptions.safeParse(options).data
}
