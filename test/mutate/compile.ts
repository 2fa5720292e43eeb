import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'
import { type Mutant, withMutant } from './mutators.ts'

/**
 * The mutants that the type checker lets pass: the others cannot come into the code, whatever the tests say. All are checked
 * in one go, each as a copy of its file beside it.
 */
export async function compiling(mutants: readonly Mutant[]): Promise<readonly Mutant[]> {
  const parsing = mutants.filter((mutant) => parseSync(mutant.file, textOf(mutant)).errors.length === 0)
  const found = await check(parsing)
  // Where one file does not parse, the compiler says nothing about the types of the others.
  const isComplete = found.every((codes) => !codes.some((code) => /^TS1\d{3}$/.test(code)))
  const left = parsing.filter((_, index) => found[index]?.length === 0)
  return isComplete ? left : compiling(left)
}

function textOf(mutant: Mutant): string {
  return withMutant(readFileSync(mutant.file, 'utf8'), mutant)
}

/** The compiler's errors by mutant. */
async function check(mutants: readonly Mutant[]): Promise<readonly (readonly string[])[]> {
  const folder = mkdtempSync(join(tmpdir(), 'perch-mutants-'))
  cpSync('src', join(folder, 'src'), { recursive: true })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  // It says that these are ES modules.
  cpSync('package.json', join(folder, 'package.json'))
  const names = mutants.map(({ file }, index) => file.replace(/\.ts$/, `.mutant-${index}.ts`))
  for (const [index, mutant] of mutants.entries()) writeFileSync(join(folder, names[index] ?? ''), textOf(mutant))
  const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8')) as { compilerOptions: object }
  // A name that nothing uses any more is taken away with the rest.
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
  // What the compiler says of anything else would be about all mutants, and none would be checked.
  const other = said.split('\n').find((line) => /error TS\d+/.test(line) && !/\.mutant-\d+\.ts\(/.test(line))
  if (other !== undefined) throw new Error(other)
  return errors
}
