import type { CompileError, DeviceError, HostValue, PlanReport } from '@tabula/tensor'
import type { EngineCounts } from '@tabula/tensor/gpujs'
import type { Mode } from '../task.js'
import type { SentProgram } from './program.js'

interface Exchange<Request, Answer, Failure = DeviceError> {
  readonly request: Request
  readonly answer: Answer
  readonly failure: Failure
}

/** What a device in a page or process says of itself. */
export interface DeviceFacts {
  readonly adapter: string
  readonly software: boolean
}

/** What is asked of a device in a page or process, and what it answers. Programs and states are numbers there. */
export interface Exchanges {
  readonly open: Exchange<{ readonly mode: Mode }, DeviceFacts>
  readonly compile: Exchange<{ readonly program: SentProgram; readonly state: number | null }, { readonly executable: number; readonly report: PlanReport }, CompileError | DeviceError>
  readonly run: Exchange<{ readonly executable: number; readonly inputs: readonly HostValue[] }, readonly HostValue[]>
  readonly hold: Exchange<{ readonly values: readonly HostValue[] }, number>
  readonly advance: Exchange<{ readonly executable: number; readonly state: number; readonly inputs: readonly HostValue[] }, readonly HostValue[]>
  readonly read: Exchange<{ readonly state: number }, readonly HostValue[]>
  readonly release: Exchange<{ readonly executable: number }, null>
  readonly counts: Exchange<Readonly<Record<never, never>>, EngineCounts>
}

/** The names of the exchanges. */
export type ExchangeName = keyof Exchanges

/** Requests by their name. */
export type Request = { readonly [N in ExchangeName]: { readonly _tag: N } & Exchanges[N]['request'] }[ExchangeName]
