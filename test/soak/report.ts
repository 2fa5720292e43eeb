import type { Injection, Verdict } from './trial.ts'

/** The results of the sweep so far, and the table at its end. */
export interface Report {
  injection(play: string, injection: Injection, verdict: Verdict): void
  storm(play: string, storm: string, verdict: Verdict): void
  hasFailed(): boolean
  print(): void
}

interface Row {
  converged: number
  differed: number
  missed: number
}

export function createReport(): Report {
  const rows = new Map<string, Row>()
  const failures: string[] = []
  const count = (name: string, verdict: Verdict, isMissed: boolean): void => {
    const row = rows.get(name) ?? { converged: 0, differed: 0, missed: 0 }
    rows.set(name, row)
    if (verdict.differs.length > 0) row.differed += 1
    else if (isMissed) row.missed += 1
    else row.converged += 1
  }
  const tell = (what: string, verdict: Verdict): void => {
    if (verdict.differs.length === 0) {
      console.log(`✔ ${what} (${verdict.seconds.toFixed(0)} s)`)
      return
    }
    const lines = verdict.differs.slice(0, 12).map((line) => `    ${line}`)
    failures.push(`✖ ${what}\n${lines.join('\n')}`)
    console.log(failures.at(-1))
    for (const line of verdict.said.slice(-40)) console.log(`      | ${line.slice(0, 400)}`)
  }
  return {
    injection(play, { fault, target }, verdict) {
      count(fault, verdict, verdict.missed.length > 0)
      tell(`${play}: ${fault}, ${target.name}, number ${target.nth}`, verdict)
    },
    storm(play, storm, verdict) {
      count(storm, verdict, false)
      tell(`${play}: ${storm}`, verdict)
    },
    hasFailed: () => failures.length > 0,
    print() {
      console.log('\n| fault | converged | not | moment never came |\n|---|---|---|---|')
      for (const [name, { converged, differed, missed }] of rows)
        console.log(`| ${name} | ${converged} | ${differed} | ${missed} |`)
      console.log(failures.length === 0 ? '\nAll converged.' : `\nNot converged:\n${failures.join('\n')}`)
    },
  }
}
