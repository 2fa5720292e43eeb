/** Finds the file of a git generator from which the parameters of an Application come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathParams } from '../../../src/core/delivery/generators/params.ts'
import { fileNamedBy, paramsInFile } from '../../../src/core/delivery/generators/settings-file.ts'

const FILES = ['config.yaml', 'eu/config.yaml', 'eu/other.yaml', 'eu/a/config.yaml']

test('a file is found again by the parameters that it gives, at the top and in a folder, with a prefix and with Go templates', () => {
  for (const isGo of [true, false])
    for (const prefix of ['', 'cluster']) {
      const files = FILES.map((file) => ({ file, prefix, values: undefined }))
      for (const one of files) {
        const [params = {}] = paramsInFile(one, 'name: eu-1\n', isGo)
        assert.deepEqual(fileNamedBy(params, files, isGo), [one])
      }
      // The generator for folders reads no file.
      assert.deepEqual(fileNamedBy(pathParams({ folder: 'eu' }, prefix, isGo), files, isGo), [])
      assert.deepEqual(fileNamedBy({}, files, isGo), [])
    }
})
