#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// The modules are compiled once for this machine, and not at each start.
enableCompileCache()
const { runCommand } = await import('./run-command.ts')

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isColourful: process.stdout.isTTY && process.stdout.hasColors(),
})
