import { html, type Html } from '../../../core/message/page/html.ts'

/** One moment of a rollout. */
export interface RolloutMoment {
  /** Epoch milliseconds. */
  readonly at: number
  /** The canary's share of the traffic on the base branch, in percent. */
  readonly share: number
  /** The canary's last measured success rate, in percent. */
  readonly successRate: number | undefined
}

const WIDTH = 720
const HEIGHT = 160
const LEFT = 40
/** Room for the label of the last change. */
const RIGHT = 36
const TOP = 20
const BOTTOM = 24

/** A chart over time: the canary's share as a step line, and its success rate as dots. `samples`: oldest first. */
export function rolloutChart(samples: readonly RolloutMoment[]): Html {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined) return html`<p>Nothing has happened yet.</p>`
  const span = Math.max(last.at - first.at, 1_000)
  const x = (at: number): number => LEFT + ((at - first.at) / span) * (WIDTH - LEFT - RIGHT)
  const y = (percent: number): number => TOP + (1 - percent / 100) * (HEIGHT - BOTTOM - TOP)
  const line = samples.flatMap(({ at, share }, index) => {
    const before = samples[index - 1]?.share ?? share
    return [`${x(at).toFixed(1)},${y(before).toFixed(1)}`, `${x(at).toFixed(1)},${y(share).toFixed(1)}`]
  })
  const changes = samples.filter(({ share }, index) => index > 0 && share !== samples[index - 1]?.share)
  const dots = samples.filter(({ successRate }) => successRate !== undefined)
  return html`<svg
      class="chart"
      viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}"
      role="img"
      aria-label="${summary(samples)}"
    >
      ${[0, 50, 100].map(
        (percent) =>
          html`<line
              class="grid"
              x1="${String(LEFT)}"
              x2="${String(WIDTH - RIGHT)}"
              y1="${String(y(percent))}"
              y2="${String(y(percent))}"
            /><text x="4" y="${String(y(percent) + 4)}">${String(percent)}%</text>`,
      )}
      <polyline class="share" points="${line.join(' ')}" />
      ${changes.map(
        ({ at, share }) =>
          html`<text class="label" x="${x(at).toFixed(1)}" y="${(y(share) - 5).toFixed(1)}">${String(share)}%</text>`,
      )}
      ${dots.map(
        ({ at, successRate = 0 }) =>
          html`<circle
            class="${successRate < 99 ? 'bad' : 'good'}"
            cx="${x(at).toFixed(1)}"
            cy="${y(successRate).toFixed(1)}"
            r="3"
            ><title>success rate ${String(successRate)}%</title></circle
          >`,
      )}
      <text x="${String(LEFT)}" y="${String(HEIGHT - 6)}">0 s</text>
      <text x="${String(WIDTH - 60)}" y="${String(HEIGHT - 6)}">${String(Math.round(span / 1000))} s</text>
    </svg>
    <p class="legend">
      <span class="share">━</span> canary's share on main <span class="good">●</span> its success rate, at least 99%
      <span class="bad">●</span> below
    </p>`
}

function summary(samples: readonly RolloutMoment[]): string {
  const shares = samples.map(({ share }) => share).filter((share, index, all) => share !== all[index - 1])
  return `The canary's share over time: ${shares.map((share) => `${share}%`).join(', ')}`
}
