import { judgeOf } from './judge.js'
import type { Case, Effort, Verdict } from './judge.js'

/** What a worker is sent: a case with a number, by which the answer is known. */
export interface Question extends Effort {
  readonly id: number
  readonly tried: Case
}

/** What it sends back; first of all a message without a number, when it is ready. */
export interface Answer {
  readonly id: number | undefined
  readonly verdict?: Verdict
}

const [sources = ''] = process.argv.slice(2)
const answer = (message: Answer): void => void process.send?.(message)
const judge = await judgeOf(sources)

process.on('message', ({ id, tried, runs, seed }: Question) => answer({ id, verdict: judge(tried, { runs, seed }) }))
process.on('disconnect', () => process.exit(0))
answer({ id: undefined })
