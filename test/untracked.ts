/**
 * To name the test that an uncaught error comes from, `node:test` follows every promise. That took 10 to 20 % of the CPU time of the
 * tests of flows. Without it, such an error still fails the run, and the message names the file.
 *
 * Loaded before `node:test`.
 */
import asyncHooks from 'node:async_hooks'

const { createHook } = asyncHooks

asyncHooks.createHook = (callbacks) => {
  const isRunner = new Error('who asks').stack?.includes('node:internal/test_runner') === true
  return createHook(isRunner ? {} : callbacks)
}
