/**
 * Bundles the program into a few files for the image: `npm run build`, or into another folder with `npm run build -- <folder>`.
 * Files named after the folder become programs next to it. The bundle starts in a third of the time and needs no packages. A
 * checkout runs its sources directly.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'

/** The entry points: the command line, the worker thread, and the process that starts programs. */
const ENTRIES = ['src/entry/cli.ts', 'src/entry/thread/work.ts', 'src/adapters/process-sandbox/spawner.ts']

/** Entry points that others start are next to them, as JavaScript. */
const startedFiles: Plugin = {
  name: 'started-files',
  setup(bundler) {
    bundler.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      return {
        loader: 'ts',
        contents: text.replaceAll(
          /new URL\('\.\/([\w-]+)\.ts', import\.meta\.url\)/g,
          "new URL('./$1.js', import.meta.url)",
        ),
      }
    })
  },
}

/** The program needs only the version from package.json. */
const versionOnly: Plugin = {
  name: 'version-only',
  setup(bundler) {
    bundler.onLoad({ filter: /\/package\.json$/ }, ({ path }) => {
      if (path !== resolve('package.json')) return undefined
      const { version }: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'))
      return { loader: 'json', contents: JSON.stringify({ version }) }
    })
  },
}

const [outdir = 'dist', ...more] = process.argv.slice(2)
await build({
  entryPoints: [...ENTRIES, ...more],
  outdir,
  entryNames: '[name]',
  bundle: true,
  splitting: true,
  minifySyntax: true,
  minifyWhitespace: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  plugins: [startedFiles, versionOnly],
  // The npm package with that name, and not Node's own module, which is deprecated.
  alias: { punycode: './node_modules/punycode/punycode.js' },
  // The demo with its GitHub in a box, and the setup, are only for checkouts.
  external: ['../demo.ts', '../setup/setup.ts'],
  // CommonJS packages use it to import Node's own modules.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
})
// Without it, Node.js reads each file twice to find out its module type.
writeFileSync(join(outdir, 'package.json'), JSON.stringify({ type: 'module' }))
