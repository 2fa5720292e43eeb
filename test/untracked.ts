/**
 * To name the test that an uncaught error comes from, `node:test` follows every promise. That took a fifth of the time of tests
 * without waiting. Without it, such an error still fails the run, and the message names the file.
 *
 * Loaded before `node:test`.
 */
import asyncHooks from 'node:async_hooks'

const { createHook } = asyncHooks

asyncHooks.createHook = (callbacks) => {
  const isRunner = new Error('who asks').stack?.includes('node:internal/test_runner') === true
  return createHook(isRunner ? {} : callbacks)
}
