import type koffi from 'koffi'
import { either as E } from 'fp-ts'
import type { CApi, ForeignFunction, Pointer } from './c-api.js'
import { messageOf } from '../../../errors.js'

/** `OrtArenaAllocator`, `OrtMemTypeDefault`, and `kNextPowerOfTwo` and the defaults of an `OrtArenaCfg` (onnxruntime_c_api.h, `CreateArenaCfg`). */
const arenaAllocator = 1
const defaultMemory = 0
const nextPowerOfTwo = 0
const engineChooses = -1

/**
 * Lets all sessions take memory from one arena, which grows to what the largest of them needs, in place of one for each: the stages of a
 * step, and the programs of a training run with images of many sizes. It grows by powers of two; growth by what is asked for took 70 MB
 * more of 1,050.
 */
export const shareMemory = (api: CApi, environment: Pointer, options: Pointer): void => {
  const memory = api.created((out) => api.call.createCpuMemoryInfo(arenaAllocator, defaultMemory, out))
  const arena = api.created((out) => api.call.createArenaCfg(0, nextPowerOfTwo, engineChooses, engineChooses, out))
  try {
    api.check(api.call.createAndRegisterAllocator(environment, memory, arena))
  } finally {
    api.call.releaseArenaCfg(arena)
    api.call.releaseMemoryInfo(memory)
  }
  api.check(api.call.addSessionConfigEntry(options, 'session.use_env_allocators', '1'))
}

/**
 * Gives memory that is free, but that the C library keeps, back to the system, before a program takes more: the initial state as it was
 * given, and what compiling took (150 MB with a state of 250). Does nothing where the C library is not glibc.
 */
export const trimmer = (ffi: typeof koffi): (() => Promise<void>) => {
  const found = E.tryCatch((): ForeignFunction => ffi.load('libc.so.6').func('malloc_trim', 'int', ['size_t']), messageOf)
  if (E.isLeft(found)) return () => Promise.resolve()
  return () => new Promise((resolve) => found.right.async(0, () => resolve()))
}
