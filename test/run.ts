/**
 * Runs the test files with Node's own runner and ends with one line: `N passed, N failed, N skipped`.
 *
 * `npm test` runs all of them, and `npm test -- core/traffic stories` those whose path contains one of the words. Of slow tests,
 * a run takes a part, which a seed selects; `npm test -- --full stories/faults` takes all of them.
 *
 * In CI a skipped test is a failure: every real component is installed there, so a skip would hide a mistake. Only components
 * that are not available everywhere may be skipped. The reason then begins with `optional`, and the README explains it.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { prepareEnvironment, grouped } from './equipment.ts'
import { makeProgram } from './program.ts'

const words = process.argv.slice(2).filter((word) => word !== '--full')
if (process.argv.includes('--full')) process.env['PERCH_TEST_FULL'] = '1'
const files = globSync('test/**/*.test.ts').filter(
  (file) => words.length === 0 || words.some((word) => file.includes(word)),
)
if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ')} in its path.`)
  process.exit(2)
}

// One seed for all processes of a run, so that any failure can be reproduced.
process.env['PERCH_TEST_SEED'] ??= String(Math.floor(Math.random() * 1e9))
prepareEnvironment()
if (files.some((file) => /^test\/(?:stories|soak)\//.test(file))) process.env['PERCH_TEST_PROGRAM'] ??= makeProgram()
const counts = { passed: 0, failed: 0, skipped: 0 }
const skips: string[] = []
// Two more than there are cores, because stories about git over HTTP, queues and killed processes wait for half of their time.
const stream = run({ files: grouped(files), concurrency: availableParallelism() + 2, timeout: 60 * 60_000 })
stream.on('test:pass', (event) => {
  const isSkipped = event.skip !== undefined && event.skip !== false
  // A skipped suite reports no tests, so the suite itself is counted.
  if (event.details.type === 'suite' && !isSkipped) return
  if (!isSkipped) counts.passed += 1
  else {
    counts.skipped += 1
    skips.push(`${event.name}: ${String(event.skip)}`)
  }
})
stream.on('test:fail', (event) => {
  if (event.details.type !== 'suite') counts.failed += 1
})
// The report keeps the order of the files, but failures are shown immediately.
stream.on('test:complete', (event) => {
  if (!event.details.passed && event.details.type !== 'suite') console.error(`failed: ${event.name}`)
})
stream.on('end', () => {
  const skipFails = process.env['CI'] === 'true' && skips.some((skip) => !skip.includes(': optional: '))
  for (const skip of skips) console.log(`skipped: ${skip}`)
  if (skipFails) console.log('A skip is a failure here: CI installs every part that the tests need.')
  console.log(`Drawn by PERCH_TEST_SEED=${process.env['PERCH_TEST_SEED']}`)
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  process.exitCode = counts.failed > 0 || counts.passed === 0 || skipFails ? 1 : 0
})
stream.compose(spec).pipe(process.stdout)
