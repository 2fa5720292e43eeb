#!/usr/bin/env node
import { keepCompiled } from './keep-compiled.ts'

keepCompiled()
const { runCommand } = await import('./command-line/run-command.ts')

// If the reader closes the pipe early (`perch diff | head`), that is not an error of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  // `hasColors` also respects NO_COLOR.
  isColourful: process.stdout.isTTY && process.stdout.hasColors(),
  isWatched: process.stderr.isTTY,
  columns: process.stdout.columns ?? 80,
})
