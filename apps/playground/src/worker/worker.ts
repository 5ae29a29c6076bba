import { messageOf } from '@tabula/tensor'
import type { Report, Request } from '../protocol.js'
import { openSession } from './session.js'

// The worker's global scope, whose `postMessage` takes what to transfer as its second argument.
const scope = globalThis as unknown as { readonly postMessage: (report: Report, transfer: Transferable[]) => void; onmessage: ((event: MessageEvent<Request>) => void) | null }

const answer = openSession((report, transfer = []) => scope.postMessage(report, [...transfer]))

scope.onmessage = ({ data }) => {
  answer(data).catch((thrown: unknown) => scope.postMessage({ _tag: 'problem', about: 'device', message: messageOf(thrown) }, []))
}
