/** Folders and files of this machine that validators read. */
import { delimiter, isAbsolute } from 'node:path'
import * as z from 'zod'

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

/** The kubeconfig of the API server for dry runs. What is in it is read when it is asked: credentials are renewed in place. */
export const DryRunKubeconfig = z
  .string()
  .refine(isAbsolute, 'must be the whole path of a kubeconfig. Leave it out if no repository uses dry-run')
  .optional()
