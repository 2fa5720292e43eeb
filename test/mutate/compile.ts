import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Mutant, withMutant } from './mutators.ts'

/**
 * The mutants that the type checker lets pass: the others cannot come into the code, whatever the tests say. All are checked
 * in one go, each as a copy of its file beside it.
 */
export async function compiling(mutants: readonly Mutant[]): Promise<readonly Mutant[]> {
  const folder = mkdtempSync(join(tmpdir(), 'perch-mutants-'))
  cpSync('src', join(folder, 'src'), { recursive: true })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const names = mutants.map(({ file }, index) => file.replace(/\.ts$/, `.mutant-${index}.ts`))
  for (const [index, mutant] of mutants.entries())
    writeFileSync(join(folder, names[index] ?? ''), withMutant(readFileSync(mutant.file, 'utf8'), mutant))
  const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8')) as { compilerOptions: object }
  // A name that nothing uses any more is taken away with the rest.
  const options = { ...compilerOptions, noUnusedLocals: false, noUnusedParameters: false }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: names }))
  const said = await new Promise<string>((done) => {
    const args = ['node_modules/typescript/bin/tsc', '--pretty', 'false', '-p', folder]
    execFile(process.execPath, args, { maxBuffer: 2 ** 28 }, (_, stdout) => done(stdout))
  })
  rmSync(folder, { recursive: true })
  const failed = new Set([...said.matchAll(/\.mutant-(\d+)\.ts\(\d+,\d+\): error/g)].map(([, index]) => Number(index)))
  return mutants.filter((_, index) => !failed.has(index))
}
