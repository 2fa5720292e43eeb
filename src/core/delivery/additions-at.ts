import type { Additions } from './additions.ts'
import { type Delivery, readDeliveries } from './delivery.ts'

/** What a deployer adds by these texts of its files; undefined where they say nothing of it. */
export function additionsAt(
  {
    file,
    title,
    path,
    params,
    files,
  }: Pick<Delivery, 'file' | 'title' | 'path' | 'params'> & { readonly files: readonly string[] },
  texts: ReadonlyMap<string, string | undefined>,
): Additions | undefined {
  const { deliveries } = readDeliveries(new Map(files.map((one) => [one, texts.get(one)])), { params })
  return deliveries.find((found) => found.file === file && found.title === title && found.path === path)?.additions
}
