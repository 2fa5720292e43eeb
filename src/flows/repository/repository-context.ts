import type { KnownTexts } from '../../core/config/known-texts.ts'
import type { RepositoryName } from '../../core/rollout/facts.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GitHubPorts } from '../../ports/github-ports.ts'
import type { Log } from '../../ports/log.ts'
import type { Memo } from '../../ports/memo.ts'
import type { Meter } from '../../ports/meter.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Mirror } from '../../ports/mirror.ts'
import type { Notifier } from '../../ports/notifier.ts'
import type { Renderer } from '../../ports/renderer.ts'
import type { Schemas } from '../../ports/schemas.ts'
import type { Validators } from '../../ports/validators.ts'
import type { TaskRequests } from '../tasks/ask.ts'

/** Which repository this is. */
interface RepositoryIdentity {
  readonly repo: RepositoryName
  /** The repository's web page: `https://github.com/acme/gitops`. */
  readonly pageUrl: string
  /** A mark for a text, of letters and digits, that only this service can compute. */
  readonly seal: (text: string) => string
}

/** What reads, renders and checks the repository's files. */
interface FileTools {
  readonly mirror: Mirror
  /** Cached results of reading its texts. */
  readonly known: KnownTexts
  readonly renderer: Renderer
  readonly validators: Validators
  readonly schemas: Schemas
}

/** What the service offers to flows of every repository. */
interface ServicePorts {
  readonly ask: TaskRequests
  readonly memo: Memo
  /** The metrics servers that watch the rollouts. */
  readonly metrics: Metrics
  /** Counts what Perch itself does. */
  readonly meter: Meter
  readonly notifier: Notifier
  readonly clock: Clock
  readonly log: Log
}

/**
 * Everything that a flow needs for one repository. A flow declares the part that it uses: `Pick<RepositoryContext, 'mirror'>`.
 */
export interface RepositoryContext extends RepositoryIdentity, GitHubPorts, FileTools, ServicePorts {}
