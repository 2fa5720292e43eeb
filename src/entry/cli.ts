#!/usr/bin/env node
import { keepCompiled } from './keep-compiled.ts'

keepCompiled()
const { runCommand } = await import('./run-command.ts')

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isColourful: process.stdout.isTTY && process.stdout.hasColors(),
})
