import * as z from 'zod'
import { ROUTE_KINDS } from '../traffic/route.ts'
import { FINDING_CODES } from '../finding/catalogue.ts'
import { GRADES } from '../finding/grade.ts'
import { FreezeWindow } from '../stop/window.ts'
import { Analysis, ServerName } from './analysis.ts'
import { pathPattern } from '../text/path-pattern.ts'
import { Duration } from './duration.ts'
import { NotifyConfig } from './notify.ts'
import { KindName, PolicyConfig, ValidatorsConfig } from './validators.ts'
import { Waves } from './waves.ts'

const Percent = z.number().positive().max(100)

const Pattern = z.string().min(1)

/**
 * Flux polls Git every 1 to 10 minutes, Argo CD every 2 to 3, and both then wait for health. A longer silence means a problem.
 */
const DEFAULT_WITHIN = '30m'

const witness = {
  by: z.string().min(1).optional().describe('Login or App slug that must have reported it. Default: anyone.'),
  within: Duration.prefault(DEFAULT_WITHIN).describe(
    'How long after the merge Perch waits before the gate says that nothing was reported.',
  ),
}

const LIVE_WORDS =
  'must be an entry, or a list of them, each with exactly one of status, check, deployment, report (these four also with by and within), traffic (also with window, minRequests and within) or after, such as { after: 3m }'

/** `±2` or `2`, in percentage points. */
const Points = z
  .union([
    z.number().positive().max(50),
    z.string().regex(/^±?(?:(?:[1-9]|[1-4]\d)(?:\.\d+)?|50|0\.\d*[1-9]\d*)$/, 'must be percentage points, such as ±2'),
  ])
  .transform((given) => (typeof given === 'number' ? given : Number(given.replace('±', ''))))

const LiveEntry = z.union(
  [
    z.strictObject({
      status: Pattern.describe('The context of a commit status; `*` stands for any characters.'),
      ...witness,
    }),
    z.strictObject({
      check: Pattern.describe("The name of another App's check run; `*` stands for any characters."),
      ...witness,
    }),
    z.strictObject({
      deployment: Pattern.describe('The environment of a GitHub deployment; `*` stands for any characters.'),
      ...witness,
    }),
    z.strictObject({
      report: Pattern.describe(
        'What Flux or Argo CD report to Perch itself, such as `argocd/web`; `*` stands for any characters.',
      ),
      ...witness,
    }),
    z.strictObject({
      traffic: Points.describe(
        "By how many percentage points the canary's share in Prometheus may differ from the one in Git, such as `±2`.",
      ),
      window: Duration.prefault('5m').describe('The time span that Prometheus looks at.'),
      minRequests: z
        .int()
        .min(1)
        .default(100)
        .describe('How many requests to both versions together the window needs.'),
      within: witness.within,
    }),
    z.strictObject({
      after: Duration.describe(
        'A timer that starts at the merge. It is weak, because nothing reports that the commit was applied.',
      ),
    }),
  ],
  LIVE_WORDS,
)

const Live = z
  .union([LiveEntry.transform((entry): LiveEntry[] => [entry]), z.array(LiveEntry).nonempty().max(20)], LIVE_WORDS)
  .describe(
    'How Perch knows that a commit has been applied in the environment: one entry, or a list of entries that must all be met. Default: `{ after: 3m }`.',
  )

const Helm = z.strictObject({
  chart: z.string().min(1).describe('Folder of the chart.'),
  values: z.array(z.string().min(1)).default([]).describe('Values files. Later files win.'),
  release: z.string().min(1).optional().describe("Name of the release. Default: the name of the chart's folder."),
  namespace: z.string().min(1).optional().describe('Namespace of the release.'),
})

const Environment = z.strictObject({
  path: z.string().min(1).optional().describe('Folder that renders to this environment.'),
  helm: Helm.optional().describe(
    'A release of a chart in the repository, instead of `path`. Paths start at the top of the repository.',
  ),
  deployer: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The Argo CD Application or Flux Kustomization that deploys the path, by its name or its file. Only needed if several deploy it differently.',
    ),
  after: z.string().optional().describe('Environment that must finish a step first.'),
  approvals: z
    .int()
    .min(0)
    .optional()
    .describe(
      'How many approving reviews a raise needs. For Flagger: how many the pull request that brought the version needs.',
    ),
  live: Live.optional(),
  prometheus: ServerName.optional().describe(
    'Name of the Prometheus that watches this environment. It replaces `analysis.provider`.',
  ),
  frozen: z
    .array(FreezeWindow)
    .nonempty()
    .optional()
    .describe('Times during which Perch raises no share in this environment.'),
})

const Service = z.strictObject({
  route: z
    .strictObject({
      kind: z.enum(ROUTE_KINDS).default('VirtualService').describe('Kind of the object.'),
      name: z.string().min(1).describe('Its name.'),
      namespace: z.string().min(1).optional().describe('Its namespace.'),
      rules: z
        .array(z.string())
        .nonempty()
        .optional()
        .describe(
          'The rules to move, by name or by place, such as `tls[0]`. Default: all rules with a stable and a canary destination.',
        ),
    })
    .optional()
    .describe('The object that splits the traffic. Default: the one named like the service.'),
  stable: z.string().optional().describe('Subset, host or backend of the stable version.'),
  canary: z.string().optional().describe('Subset, host or backend of the canary version.'),
  strategy: z
    .enum(['canary', 'blue-green'])
    .optional()
    .describe(
      '`canary` moves traffic in steps (`/canary`), `blue-green` moves all of it at once (`/switch`). Default: Perch decides by the route.',
    ),
  versions: z
    .array(z.string().min(1))
    .length(2)
    .optional()
    .describe('Subsets, hosts or backends of the two versions of a blue-green service, in any order.'),
  steps: z
    .array(Percent)
    .nonempty()
    .refine(
      (steps) => steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)),
      'must rise from step to step',
    )
    .default([5, 25, 50, 100])
    .describe("The plan: the canary's share of the traffic in percent, step by step."),
  bake: Duration.prefault('10m').describe('How long a step must be live before the next one may merge.'),
  analysis: Analysis.optional().describe('What Prometheus must measure during the bake.'),
  waves: Waves.optional(),
  onFailure: z
    .enum(['rollback', 'hold'])
    .default('rollback')
    .describe('What Perch does when the analysis fails: open a rollback pull request, or hold the rollout.'),
  mirror: z
    .enum(['keep', 'remove'])
    .default('keep')
    .describe('Whether to keep or remove mirroring to the canary when its share becomes 0 or 100.'),
  start: z
    .enum(['ask', 'first-step', 'never'])
    .default('ask')
    .describe(
      'What Perch does when a new canary version comes and the canary has no traffic. `ask`: it comments once how to start. `first-step`: it starts the rollout if automation brought the version. `never`: nothing.',
    ),
  onNewVersion: z
    .enum(['restart', 'finish-first', 'ignore'])
    .default('finish-first')
    .describe(
      "With `start: first-step`: what Perch does when automation brings a new version while the canary has traffic. `restart`: it takes the canary's traffic away, and starts with the new version. `finish-first`: it starts the new version after the current rollout. `ignore`: a person has to start the new version.",
    ),
  autoMerge: z
    .enum(['never', 'rollback', 'always'])
    .default('never')
    .describe(
      "Which of its own pull requests Perch merges. `never`: none. `rollback`: those that lower the canary's share. `always`: all except the first raise after someone lowered the share or moved the base branch back.",
    ),
})

const Diff = z.strictObject({
  ignore: z
    .array(
      z.strictObject({
        kind: KindName.optional().describe('Kind or group/Kind of the resources. Default: all.'),
        path: z
          .string()
          .max(500)
          .regex(
            /^(\/([^/~]|~[01])+)+$/,
            'must be a JSON pointer, such as /metadata/labels/version; ~1 is a slash in a key',
          )
          .describe('JSON pointer to what the diff hides; `*` stands for any characters of one key or index.'),
      }),
    )
    .default([])
    .describe(
      'Changes that the diff only counts. Weights, hosts, subsets and the annotations of Perch are always shown.',
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
    .describe('Files below the folder of an environment to carry. Default: all that its kustomization lists.'),
  exclude: z.array(FilePattern).default([]).describe('Files to leave out.'),
  images: z.boolean().default(true).describe('Whether to carry the `images` of the kustomization.'),
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
  environments: z
    .record(z.string(), Environment)
    .optional()
    .describe('The environments, by name, instead of those that Perch finds by itself.'),
  services: z.record(z.string(), Service).default({}).describe('The services, by name.'),
  clusters: z
    .record(z.string(), Cluster)
    .optional()
    .describe('The clusters of Argo CD, by name. Perch needs them to expand cluster generators of ApplicationSets.'),
  branches: z
    .array(BranchPattern)
    .nonempty()
    .optional()
    .describe(
      'The deployed branches, on which rollouts run. Read on the default branch only. Default: the default branch.',
    ),
  automation: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Logins that count as automation for `start`, in addition to all GitHub Apps. Name those that your image automation pushes with.',
    ),
  promote: Promote.default({ exclude: [], images: true }).describe(
    'What `/promote` carries from one environment to another.',
  ),
  diff: Diff.default({ ignore: [] }).describe('Which parts of the rendered diff are shown.'),
  secrets: z
    .array(KindName)
    .default([])
    .describe('Kinds whose values are hidden like those of a Secret: Kind or group/Kind.'),
  policy: PolicyConfig.optional().describe('Rego policies for the rendered output of changed environments.'),
  validators: ValidatorsConfig.default([]).describe(
    'Other programs that check the rendered output: yamllint, kubeconform, kubectl-validate or istioctl, or a dry-run against an API server. Name each, or write an object with options. The programs must be installed where Perch runs.',
  ),
  validate: z
    .enum(['errors', 'strict'])
    .default('errors')
    .describe('`strict` makes `canary/validate` red for warnings too, not only for errors.'),
  findings: z
    .partialRecord(z.enum(FINDING_CODES), z.enum([...GRADES, 'off']))
    .default({})
    .describe(
      'The level of a finding that a pull request introduces, by its code: `error`, `warning`, `note` or `off`.',
    ),
  notify: NotifyConfig.default([]).describe('Destinations outside of GitHub that Perch notifies about rollouts.'),
  deployments: z
    .boolean()
    .default(false)
    .describe('Whether GitHub shows each merged step as a deployment of its environment.'),
  dashboard: z
    .boolean()
    .default(false)
    .describe(
      'Whether an issue lists all rollouts of the repository. Read on the default branch only. Perch needs write access to issues for it.',
    ),
  requireSum100: z
    .boolean()
    .default(false)
    .describe('For Istio up to 1.14: the weights of a VirtualService rule must sum to 100.'),
  annotationPrefix: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be a DNS name, such as gitops.example.com')
    .default('perch.dev')
    .describe('Prefix of the annotations that Perch writes.'),
})

export type Config = z.infer<typeof Config>
export type ServiceConfig = z.infer<typeof Service>
export type LiveEntry = z.infer<typeof LiveEntry>

/** The config of a service that the file does not mention. */
export const DEFAULT_SERVICE: ServiceConfig = Service.parse({})

/** Argo CD polls Git every 2 to 3 minutes by default; Flux every 1 to 10. Without a report, Perch has to use a timer. */
export const DEFAULT_LIVE: LiveEntry = { after: 3 * 60_000 }
