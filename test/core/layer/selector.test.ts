/** The objects to which a kustomize patch applies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BuildIdentity, type Selector, selectsObject } from '../../../src/core/layer/selector.ts'

const ANY: Selector = {
  group: undefined,
  version: undefined,
  kind: undefined,
  namespace: undefined,
  name: undefined,
  hasLabels: false,
}
const WEB: BuildIdentity = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  names: ['web', 'prod-web'],
  namespaces: ['', 'shop'],
}

test('each field of a target must match all of a name that the object has, or has had', () => {
  const table: readonly (readonly [Partial<Selector>, boolean | 'unclear'])[] = [
    [{}, true],
    [{ name: 'web' }, true],
    [{ name: 'prod-web' }, true],
    [{ name: 'we' }, false],
    [{ name: 'eb' }, false],
    [{ name: 'prod-.*' }, true],
    [{ name: '^web$' }, true],
    [{ name: 'api|web' }, true],
    [{ name: '(api|web)' }, true],
    [{ name: 'w.b' }, true],
    [{ name: 'w\\.b' }, false],
    [{ name: '[w]eb' }, 'unclear'],
    [{ name: '(we)+b' }, 'unclear'],
    [{ name: '.*.*.*.*' }, 'unclear'],
    [{ name: '.*.*.*' }, true],
    [{ name: '(web' }, 'unclear'],
    [{ namespace: 'shop' }, true],
    [{ namespace: 'pay' }, false],
    [{ group: 'apps', version: 'v1', kind: 'Deployment' }, true],
    [{ group: 'batch' }, false],
    [{ version: 'v2' }, false],
    [{ kind: 'Deploy' }, false],
    [{ hasLabels: true }, 'unclear'],
    [{ hasLabels: true, kind: 'Service' }, false],
    [{ name: '[w]eb', kind: 'Service' }, false],
  ]
  for (const [selector, expected] of table)
    assert.equal(selectsObject({ ...ANY, ...selector }, WEB), expected, JSON.stringify(selector))
})
