import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detailOf } from '../../../src/adapters/kustomize/detail.ts'

function said(stderr: string): string {
  return detailOf({ stderr, folder: '/tmp/build', files: new Map() })
}

test('the message of a build is the same each time: without times of log lines and memory addresses', () => {
  const build = (time: string, address: string): string =>
    said(
      `# Warning: 'vars' is deprecated.\n${time} well-defined vars that were never replaced: tag\nError: merging from generator &{${address} <nil>}: x\n`,
    )
  const first = build('2026/11/28 11:23:50', '0x110cf8c66000')
  assert.equal(first, build('2026/11/28 12:02:43', '0x24d44aba4000'))
  assert.equal(first, 'well-defined vars that were never replaced: tag\nError: merging from generator &{0x… <nil>}: x')
})
