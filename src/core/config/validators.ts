/** The checks by other programs that a config can ask for: policies and named validators. */
import * as z from 'zod'

const Folder = z
  .string()
  .min(1)
  .regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))/, 'must be a folder of this repository, such as policy')

export const PolicyConfig = z.strictObject({
  path: Folder.describe(
    'Folder with Rego files. Their rules `deny`, `violation` and `warn` judge the rendered output.',
  ),
  data: Folder.optional().describe('Folder with YAML and JSON files, which policies read as `data`.'),
  packages: z
    .array(z.string().regex(/^[A-Za-z_][\w.]*$/, 'must be the name of a Rego package, such as main'))
    .nonempty()
    .optional()
    .describe('The packages to use. Default: all that have such rules.'),
})

export const KindName = z
  .string()
  .regex(/^([A-Za-z0-9.-]+\/)?[A-Za-z]+$/, 'must be a Kind or a group/Kind, such as example.com/Credentials')

const IGNORE =
  'Kinds without a schema (kubeconform, kubectl-validate), kinds that the API server is not asked about (dry-run), or codes such as IST0118 (istioctl), to leave out.'

const Kubeconform = z.strictObject({
  name: z.literal('kubeconform').describe('The validator.'),
  schemas: Folder.optional().describe('Folder with JSON schemas, in addition to those of the server.'),
  ignore: z.array(KindName).default([]).describe(IGNORE),
  kubernetes: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'must be a version of Kubernetes, such as 1.34.1')
    .optional()
    .describe('The version of Kubernetes whose schemas are used.'),
  strict: z.boolean().default(false).describe('Whether fields that are not in the schema are a problem.'),
})

const KubectlValidate = z.strictObject({
  name: z.literal('kubectl-validate').describe('The validator.'),
  crds: Folder.optional().describe(
    'Folder with CustomResourceDefinitions (kubectl-validate), in addition to those of the server and of the environment.',
  ),
  ignore: z.array(KindName).default([]).describe(IGNORE),
  kubernetes: z
    .string()
    .regex(/^1\.\d+$/, 'must be a minor version of Kubernetes in quotes, such as "1.30"')
    .optional()
    .describe('The version of Kubernetes whose schemas are used: `1.34.1` (kubeconform), `"1.30"` (kubectl-validate).'),
})

const Istioctl = z.strictObject({
  name: z.literal('istioctl').describe('The validator.'),
  ignore: z
    .array(z.string().regex(/^IST\d{4}$/, 'must be a code of istioctl analyze, such as IST0118'))
    .default([])
    .describe(IGNORE),
})

const DryRun = z.strictObject({
  name: z.literal('dry-run').describe('The validator.'),
  ignore: z.array(KindName).default([]).describe(IGNORE),
  fieldManager: z
    .string()
    .regex(/^[\w.:/-]{1,128}$/, 'must be the name of a field manager, such as kustomize-controller')
    .default('perch')
    .describe(
      'The field manager of a dry run. Set it to that of your deployer, so that fields that the pull request removes are removed in the dry run too: `kustomize-controller` (Flux), `argocd-controller` (Argo CD with server-side apply).',
    ),
})

const Yamllint = z.strictObject({ name: z.literal('yamllint').describe('The validator.') })

const Options = z.discriminatedUnion('name', [Yamllint, Kubeconform, KubectlValidate, Istioctl, DryRun])
const Name = z.enum(['yamllint', 'kubeconform', 'kubectl-validate', 'istioctl', 'dry-run'])

/** A name, or an object with one name and its options. */
const Validator = z
  .union(
    [Name, Options],
    'must be yamllint, kubeconform, kubectl-validate, istioctl or dry-run, or an object with one of these as its name',
  )
  .transform((validator) => (typeof validator === 'string' ? Options.parse({ name: validator }) : validator))

export const ValidatorsConfig = z
  .array(Validator)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must name each validator once')

export type PolicyConfig = z.infer<typeof PolicyConfig>
export type Validator = z.infer<typeof Validator>
export type SchemaSettings = z.infer<typeof Kubeconform>
export type CrdSettings = z.infer<typeof KubectlValidate>
export type DryRunSettings = z.infer<typeof DryRun>
