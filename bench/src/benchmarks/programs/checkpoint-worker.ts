/** A chain of blocks in a process of its own, so that its peak memory is its own: `checkpoint-worker plain|checkpoint`, a request a line. */
import { createInterface } from 'node:readline'
import { either as E } from 'fp-ts'
import { iterate, messageOf, showError } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { chainInput, chainStep, chainWeights } from './chain-of-blocks.js'
import type { Block } from './chain-of-blocks.js'

const right = <A>(outcome: E.Either<Parameters<typeof showError>[0], A>): A => {
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

const say = (answer: object): boolean => process.stdout.write(`${JSON.stringify(answer)}\n`)
try {
  const device = right(await cpuDevice()())
  const iteration = right(
    await iterate(device)<readonly Block<HostValue<'f32'>>[], { readonly x: HostValue<'f32'> }, Tensor<Shape, 'f32'>>(
      chainStep(process.argv[2] === 'checkpoint'),
      chainWeights()
    )()
  )
  const x = chainInput()
  say({ ready: true })
  for await (const _request of createInterface({ input: process.stdin })) {
    const started = performance.now()
    const loss = right(await iteration.advance({ x })())
    say({ ms: performance.now() - started, peakMegabytes: process.resourceUsage().maxRSS / 1024, loss: loss.data[0] })
  }
} catch (thrown) {
  say({ error: messageOf(thrown) })
}
