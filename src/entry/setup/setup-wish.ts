import * as z from 'zod'

/** The options of `perch setup`. */
export type SetupWish = z.infer<typeof SetupOptions>

const ADDRESS = 'needs the https address where GitHub reaches Perch, such as https://perch.example.com'
const PORT = 'must be a port number, from 0 to 65535'
const MINUTES = 'must be a number above 0, and at most 60'

const SetupOptions = z.object({
  url: z
    .url({ protocol: /^https?$/, error: ADDRESS, abort: true })
    .transform((text) => new URL(text))
    .refine(({ username, password, search, hash }) => username + password + search + hash === '', ADDRESS),
  org: z
    .string()
    .regex(/^[a-z\d][\w-]*$/i, 'must be the name of an organization, as in its address on GitHub')
    .optional(),
  /** GitHub's own limit. */
  name: z.string().min(1, 'must not be empty').max(34, 'must have at most 34 characters').optional(),
  file: z.string().min(1, 'must not be empty').default('.env'),
  force: z.boolean().default(false),
  /** 0 chooses a free port. */
  port: z.coerce.number(PORT).int(PORT).min(0, PORT).max(65_535, PORT).default(0),
  /** GitHub's codes are valid for an hour. */
  minutes: z.coerce.number(MINUTES).positive(MINUTES).max(60, MINUTES).default(15),
})

type ReadWish = { readonly ok: true; readonly value: SetupWish } | { readonly ok: false; readonly problems: string[] }

/** The problems name the option that is missing or invalid. */
export function readSetupWish(options: object): ReadWish {
  const { data, error } = SetupOptions.safeParse(options)
  if (data !== undefined) return { ok: true, value: data }
  return { ok: false, problems: error.issues.map(({ path, message }) => `--${path.join('.')} ${message}.`) }
}
