import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'
import { type Mutant, withMutant } from './mutators.ts'

/**
 * The mutants that the type checker accepts. Others can never get into the code, whatever the tests say. All mutants are checked
 * together, each as a copy of its file next to it.
 */
export async function compiling(mutants: readonly Mutant[]): Promise<readonly Mutant[]> {
  const parsing = mutants.filter((mutant) => parseSync(mutant.file, textOf(mutant)).errors.length === 0)
  const found = await check(parsing)
  // If one file does not parse, the compiler reports no type errors in the others.
  const isComplete = found.every((codes) => !codes.some((code) => /^TS1\d{3}$/.test(code)))
  const left = parsing.filter((_, index) => found[index]?.length === 0)
  return isComplete ? left : compiling(left)
}

function textOf(mutant: Mutant): string {
  return withMutant(readFileSync(mutant.file, 'utf8'), mutant)
}

/** The compiler's errors for each mutant. */
async function check(mutants: readonly Mutant[]): Promise<readonly (readonly string[])[]> {
  const folder = mkdtempSync(join(tmpdir(), 'perch-mutants-'))
  cpSync('src', join(folder, 'src'), { recursive: true })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  // It declares that these files are ES modules.
  cpSync('package.json', join(folder, 'package.json'))
  const names = mutants.map(({ file }, index) => file.replace(/\.ts$/, `.mutant-${index}.ts`))
  for (const [index, mutant] of mutants.entries()) writeFileSync(join(folder, names[index] ?? ''), textOf(mutant))
  const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8')) as { compilerOptions: object }
  // An unused name is no error, because a person would remove it together with its last use.
  const options = { ...compilerOptions, noUnusedLocals: false, noUnusedParameters: false }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: names }))
  const said = await new Promise<string>((done) => {
    const args = ['node_modules/typescript/bin/tsc', '--pretty', 'false', '-p', folder]
    execFile(process.execPath, args, { maxBuffer: 2 ** 28 }, (_, stdout) => done(stdout))
  })
  rmSync(folder, { recursive: true })
  const errors = mutants.map((): string[] => [])
  for (const [, index, code = ''] of said.matchAll(/\.mutant-(\d+)\.ts\(\d+,\d+\): error (TS\d+)/g))
    errors[Number(index)]?.push(code)
  // Any other compiler error would concern all mutants, and none would be checked.
  const other = said.split('\n').find((line) => /error TS\d+/.test(line) && !/\.mutant-\d+\.ts\(/.test(line))
  if (other !== undefined) throw new Error(other)
  return errors
}
