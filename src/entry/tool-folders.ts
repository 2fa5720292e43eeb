/** Folders of this machine that validators read from. */
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
