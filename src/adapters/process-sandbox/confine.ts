/** Programs that hide the files of this machine from another: bubblewrap, else util-linux's setpriv with Landlock. */
import { existsSync, statSync } from 'node:fs'
import { programPath } from './program-path.ts'
import type { Workshop } from './workshop.ts'

/** What a program sees of this machine's other files, and where it may write, for as long as it runs. */
export interface WalledFolder extends Pick<Workshop, 'top'> {
  readonly writable?: string
}

type Prefix = (folder: WalledFolder) => readonly string[]

export interface Confiner {
  readonly prefix: Prefix
  /** The same, and it takes the network away too; undefined where it cannot. */
  readonly withoutNetwork?: Prefix
}

/** What a program may leave in a folder that it may write. */
const WRITABLE_BYTES = 64 * 1024 * 1024

/** What programs are made of. No settings, no homes, no data, and no /proc, where the environment of this process is. */
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

/** Those that are installed; whether they work here has to be tried. `visible`: what else the program must see. */
export async function confinersOf(path: string, visible: readonly string[]): Promise<readonly Confiner[]> {
  const [bwrap, setpriv] = await Promise.all(['bwrap', 'setpriv'].map((name) => programPath(path, name)))
  const seen = [...SYSTEM, ...visible].filter((place) => existsSync(place))
  return [
    ...(bwrap === undefined ? [] : [throughBubblewrap(bwrap, seen)]),
    ...(setpriv === undefined ? [] : [throughLandlock(setpriv, seen)]),
  ]
}

/** A file system of nothing but these places, all of them read-only: a program has nothing to write, and cannot fill a disk. */
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

/** Where no namespace may be made, as in most containers. util-linux has it since 2.41, Linux since 5.13. */
function throughLandlock(setpriv: string, seen: readonly string[]): Confiner {
  const rule = (access: string, place: string): readonly string[] => [
    '--landlock-rule',
    `path-beneath:${access}:${place}`,
  ]
  const args = [
    '--no-new-privs',
    '--landlock-access',
    'fs',
    // Landlock refuses a rule about lists for what is not a folder.
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
