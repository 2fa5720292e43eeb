/** Programs that hide this machine's files from another program: bubblewrap, or else util-linux's setpriv with Landlock. */
import { existsSync, statSync } from 'node:fs'
import { programPath } from './program-path.ts'
import type { Workshop } from './workshop.ts'

/** The folders that a program may use: `top` can be read; `writable`, inside of it, can also be written while the program runs. */
export interface WalledFolder extends Pick<Workshop, 'top'> {
  readonly writable?: string
}

type Prefix = (folder: WalledFolder) => readonly string[]

export interface Confiner {
  readonly prefix: Prefix
  /** Also blocks the network; undefined if the confiner cannot do that. */
  readonly withoutNetwork?: Prefix
}

/** The size limit of a writable folder. */
const WRITABLE_BYTES = 64 * 1024 * 1024

/**
 * What programs need to run. No settings, no home folders, no data, and no /proc, which contains the environment of this process.
 */
const SYSTEM = [
  '/usr',
  '/bin',
  '/lib',
  '/lib32',
  '/lib64',
  '/nix/store',
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
]
const DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom']

/** The installed confiners. Whether they work here has to be tried. `visible`: what else the program must see. */
export async function confinersOf(path: string, visible: readonly string[]): Promise<readonly Confiner[]> {
  const [bwrap, setpriv] = await Promise.all(['bwrap', 'setpriv'].map((name) => programPath(path, name)))
  const seen = [...SYSTEM, ...visible].filter((place) => existsSync(place))
  return [
    ...(bwrap === undefined ? [] : [throughBubblewrap(bwrap, seen)]),
    ...(setpriv === undefined ? [] : [throughLandlock(setpriv, seen)]),
  ]
}

/**
 * Makes a file system of only these places, all read-only. The program can write at most to one small folder in memory, so it
 * cannot fill a disk.
 */
function throughBubblewrap(bwrap: string, seen: readonly string[]): Confiner {
  const args = [
    '--die-with-parent',
    '--cap-drop',
    'ALL',
    ...seen.flatMap((place) => ['--ro-bind', place, place]),
    ...DEVICES.flatMap((device) => ['--dev-bind-try', device, device]),
  ]
  const prefix =
    (...more: readonly string[]): Prefix =>
    ({ top, writable }) => [
      bwrap,
      ...more,
      ...args,
      '--ro-bind',
      top,
      top,
      ...(writable === undefined ? [] : ['--size', String(WRITABLE_BYTES), '--tmpfs', writable]),
      '--remount-ro',
      '/',
      '--',
    ]
  return { prefix: prefix(), withoutNetwork: prefix('--unshare-net') }
}

const WRITES = 'read-file,read-dir,write-file,make-reg,make-dir,remove-file,remove-dir'

/** For machines that forbid making namespaces, as most containers do. Needs util-linux 2.41 and Linux 5.13, or later. */
function throughLandlock(setpriv: string, seen: readonly string[]): Confiner {
  const rule = (access: string, place: string): readonly string[] => [
    '--landlock-rule',
    `path-beneath:${access}:${place}`,
  ]
  const args = [
    '--no-new-privs',
    '--landlock-access',
    'fs',
    // Landlock refuses rules about listing folders for anything that is not a folder.
    ...seen.flatMap((place) =>
      rule(statSync(place).isDirectory() ? 'execute,read-file,read-dir' : 'execute,read-file', place),
    ),
    ...DEVICES.flatMap((device) => rule('read-file,write-file', device)),
  ]
  return {
    prefix: ({ top, writable }) => [
      setpriv,
      ...args,
      ...rule('read-file,read-dir', top),
      ...(writable === undefined ? [] : rule(WRITES, writable)),
      '--',
    ],
  }
}
