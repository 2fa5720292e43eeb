import { z } from 'zod'
import { ROUTE_KINDS } from '../traffic/route.ts'
import { FINDING_CODES, GRADES } from '../finding/grade.ts'
import { FreezeWindow } from '../stop/window.ts'
import { Analysis, ServerName } from './analysis.ts'
import { pathPattern } from '../text/path-pattern.ts'
import { Duration } from './duration.ts'
import { NotifyConfig } from './notify.ts'
import { PolicyConfig, ValidatorsConfig } from './validators.ts'

const Percent = z.number().positive().max(100)

const Pattern = z.string().min(1)

/** Flux polls Git every 1 to 10 minutes, Argo CD every 2 to 3; both then wait for health. More silence has a cause. */
const DEFAULT_WITHIN_MS = 30 * 60_000

const witness = {
  by: z.string().min(1).optional().describe('Login or App slug that must have written it; anybody by default.'),
  within: Duration.default(DEFAULT_WITHIN_MS).describe('How long after the merge silence is normal.'),
}

const LIVE_WORDS =
  'must be an entry, or a list of them, each with exactly one of status, check, deployment, report (these four also with by and within) or after, such as { after: 3m }'

const LiveEntry = z.union(
  [
    z.strictObject({
      status: Pattern.describe('Pattern of a commit status context; * stands for any characters.'),
      ...witness,
    }),
    z.strictObject({ check: Pattern.describe("Pattern of the name of another App's check run."), ...witness }),
    z.strictObject({ deployment: Pattern.describe('Pattern of a GitHub deployment environment.'), ...witness }),
    z.strictObject({
      report: Pattern.describe("Pattern of what Flux or Argo CD tell Perch's own endpoint, such as argocd/web."),
      ...witness,
    }),
    z.strictObject({
      after: Duration.describe('Time after the merge: weak, because nothing reports that it was applied.'),
    }),
  ],
  LIVE_WORDS,
)

const Live = z
  .union([LiveEntry.transform((entry): LiveEntry[] => [entry]), z.array(LiveEntry).nonempty().max(20)], LIVE_WORDS)
  .describe('How Perch knows that a commit has been applied in the environment; of a list, all are required.')

const Helm = z.strictObject({
  chart: z.string().min(1).describe('Folder of the chart.'),
  values: z.array(z.string().min(1)).default([]).describe('Values files, the later ones win.'),
  release: z.string().min(1).optional().describe("Name of the release; that of the chart's folder by default."),
  namespace: z.string().min(1).optional().describe('Namespace of the release.'),
})

const Environment = z.strictObject({
  path: z.string().min(1).optional().describe('Folder in the repository that renders to this environment.'),
  helm: Helm.optional().describe(
    "Release of a chart in the repository, in place of a path; paths are from the repository's top.",
  ),
  deployer: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Which Argo CD Application or Flux Kustomization of the path is meant, by its name or its file, where several deploy it differently.',
    ),
  after: z.string().optional().describe('Environment in which a step must be done first.'),
  approvals: z.int().min(0).optional().describe('Approving reviews that a raise needs.'),
  live: Live.optional(),
  prometheus: ServerName.optional().describe("Name of the Prometheus that watches it, before the analysis' own."),
  frozen: z.array(FreezeWindow).nonempty().optional().describe('Times in which nothing is raised here.'),
})

const Service = z.strictObject({
  route: z
    .strictObject({
      kind: z.enum(ROUTE_KINDS).default('VirtualService'),
      name: z.string().min(1),
      namespace: z.string().min(1).optional(),
      rules: z
        .array(z.string())
        .nonempty()
        .optional()
        .describe('Names (or places, such as tls[0]) of the rules to move; all with both roles by default.'),
    })
    .optional()
    .describe('The object that splits the traffic; the one named like the service by default.'),
  stable: z.string().optional().describe('Subset, host or backend of the stable version.'),
  canary: z.string().optional().describe('Subset, host or backend of the canary version.'),
  strategy: z
    .enum(['canary', 'blue-green'])
    .optional()
    .describe('Whether traffic moves in steps (`/canary`) or all at once (`/switch`); found out by default.'),
  versions: z
    .array(z.string().min(1))
    .length(2)
    .optional()
    .describe('Subsets, hosts or backends of the two versions of a blue-green service, whichever is active.'),
  steps: z
    .array(Percent)
    .nonempty()
    .refine(
      (steps) => steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)),
      'must rise from step to step',
    )
    .default([5, 25, 50, 100])
    .describe("The plan: the canary's percent, step by step."),
  bake: Duration.default(10 * 60_000).describe('How long a step must stay live before the next may merge.'),
  analysis: Analysis.optional().describe('What the canary must measure during the bake.'),
  onFailure: z.enum(['rollback', 'hold']).default('rollback').describe('What follows when the analysis fails.'),
  mirror: z
    .enum(['keep', 'remove'])
    .default('keep')
    .describe('What becomes of mirroring to the canary when its share becomes 0 or 100.'),
  autoMerge: z
    .enum(['never', 'rollback', 'always'])
    .default('never')
    .describe('Which pull requests Perch merges itself.'),
})

const KindName = z
  .string()
  .regex(/^([A-Za-z0-9.-]+\/)?[A-Za-z]+$/, 'must be a Kind or a group/Kind, such as example.com/Credentials')

const Diff = z.strictObject({
  ignore: z
    .array(
      z.strictObject({
        kind: KindName.optional().describe('Kind or group/Kind of the resources; all by default.'),
        path: z
          .string()
          .max(500)
          .regex(
            /^(\/([^/~]|~[01])+)+$/,
            'must be a JSON pointer, such as /metadata/labels/version; ~1 is a slash in a key',
          )
          .describe('JSON pointer of what to hide; * in a step stands for any characters of one key or index.'),
      }),
    )
    .default([])
    .describe(
      'Changes that the shown diff leaves out and only counts. Weights, hosts, subsets and what Perch writes stay.',
    ),
})

const FilePattern = z
  .string()
  .min(1)
  .refine(
    (written) => pathPattern(written) !== undefined,
    'must be a path with * for a part of a name and ** for any folders, such as patches/**',
  )

const Promote = z.strictObject({
  include: z
    .array(FilePattern)
    .nonempty()
    .optional()
    .describe("Files below an environment's folder that are carried; all that its kustomization lists by default."),
  exclude: z.array(FilePattern).default([]).describe('Files of these that are not carried.'),
  images: z.boolean().default(true).describe('Whether `images` of the kustomization are carried.'),
})

const BranchPattern = z
  .string()
  .max(255)
  .regex(/^[^\s~^:?[\\]+$/, 'must be the name of a branch; * in it stands for any characters')

const Cluster = z.strictObject({
  server: z.string().optional().describe('Its address, as Argo CD knows it.'),
  labels: z.record(z.string(), z.string()).default({}).describe('The labels of its Secret in Argo CD.'),
})

/** `.github/canary.yml`. Every key is optional; an unknown key is an error. */
export const Config = z.strictObject({
  environments: z.record(z.string(), Environment).optional(),
  services: z.record(z.string(), Service).default({}),
  clusters: z
    .record(z.string(), Cluster)
    .optional()
    .describe(
      'The clusters of Argo CD, for cluster generators of ApplicationSets; without them nobody knows what those generate.',
    ),
  branches: z
    .array(BranchPattern)
    .nonempty()
    .optional()
    .describe(
      'The deployed branches, on which rollouts run; the default branch alone by default. Read on the default branch only.',
    ),
  promote: Promote.default({ exclude: [], images: true }).describe(
    'What `/promote` carries from one environment to another.',
  ),
  diff: Diff.default({ ignore: [] }).describe('Which parts of the rendered diff are shown.'),
  secrets: z
    .array(KindName)
    .default([])
    .describe('Kinds whose values are hidden like those of a Secret: Kind or group/Kind.'),
  policy: PolicyConfig.optional().describe('Rego policies that judge what every touched environment renders to.'),
  validators: ValidatorsConfig.default([]).describe(
    'Programs that check too; each must be installed where Perch runs.',
  ),
  validate: z
    .enum(['errors', 'strict'])
    .default('errors')
    .describe('Whether warnings of findings make canary/validate red too (strict), or only errors.'),
  findings: z
    .partialRecord(z.enum(FINDING_CODES), z.enum([...GRADES, 'off']))
    .default({})
    .describe('What a finding comes to where a pull request brings it, by its code.'),
  notify: NotifyConfig.default([]).describe('Which destinations outside of GitHub get news of rollouts.'),
  requireSum100: z
    .boolean()
    .default(false)
    .describe('For Istio up to 1.14: the weights of a VirtualService rule must sum to 100.'),
  annotationPrefix: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be a DNS name, such as gitops.example.com')
    .default('perch.dev'),
})

export type Config = z.infer<typeof Config>
export type ServiceConfig = z.infer<typeof Service>
export type LiveEntry = z.infer<typeof LiveEntry>

/** What a service that the file does not mention gets. */
export const DEFAULT_SERVICE: ServiceConfig = Service.parse({})

/** Argo CD polls Git every 2 to 3 minutes by default; Flux every 1 to 10. Without feedback a timer has to do. */
export const DEFAULT_LIVE: LiveEntry = { after: 3 * 60_000 }
