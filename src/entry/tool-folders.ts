/** Folders and files of this machine that validators read. */
import { delimiter, isAbsolute } from 'node:path'
import * as z from 'zod'
import { processEnv } from './process-env.ts'

const foldersFor = (validator: string) =>
  z
    .string()
    .default('')
    .transform((text) => text.split(delimiter).filter((folder) => folder !== ''))
    .refine(
      (folders) => folders.every(isAbsolute),
      `must be whole paths of folders, ${delimiter} between them. Leave it out if no repository uses ${validator}`,
    )

export const SchemaFolders = foldersFor('kubeconform')
export const CrdFolders = foldersFor('kubectl-validate')

/** The kubeconfig of the API server for dry runs. Its content is read at each use, because credentials are renewed in place. */
export const DryRunKubeconfig = z
  .string()
  .refine(isAbsolute, 'must be the whole path of a kubeconfig. Leave it out if no repository uses dry-run')
  .optional()

/** Folders with JSON schemas for kubeconform, for commands on a checkout. Empty if any path is relative. */
export function schemaFolders(env = processEnv()): readonly string[] {
  return SchemaFolders.safeParse(env['KUBECONFORM_SCHEMAS']).data ?? []
}

/** Folders with CustomResourceDefinitions for kubectl-validate, for commands on a checkout. Empty if any path is relative. */
export function crdFolders(env = processEnv()): readonly string[] {
  return CrdFolders.safeParse(env['KUBECTL_VALIDATE_CRDS']).data ?? []
}

/**
 * The kubeconfig of the API server for dry runs, for commands on a checkout. Undefined if it is not set or is a relative path.
 */
export function dryRunKubeconfig(env = processEnv()): string | undefined {
  return DryRunKubeconfig.safeParse(env['DRY_RUN_KUBECONFIG'] || undefined).data
}
