import { openRenderer } from '../../src/adapters/kustomize/renderer.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const renderer = await openRenderer({ log: quiet }).tool()

/** For tests that render. In CI a skip is a failure. */
export const needsKustomize = renderer === undefined ? { skip: 'neither kustomize nor kubectl is installed' } : {}
