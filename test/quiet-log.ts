import type { Log } from '../src/ports/log.ts'

export const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} }
