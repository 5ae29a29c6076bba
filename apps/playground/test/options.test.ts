import { describe, expect, it } from 'vitest'
import { help, optionsOf, portProblem } from '../server/options.mjs'

describe('the options of npm run playground', () => {
  it('are a port and help', () => {
    expect(optionsOf([])).toEqual({ port: 5173 })
    expect(optionsOf(['--port', '8080'])).toEqual({ port: 8080 })
    expect(optionsOf(['--port=0'])).toEqual({ port: 0 })
    expect(optionsOf(['--help'])).toEqual({ help: true })
    expect(help).toContain('--port N')
  })

  it.each([
    [['--port', '65536'], '--port: expected a number from 0 to 65535, found 65536.'],
    [['--port', 'many'], '--port: expected a number from 0 to 65535, found many.'],
    [['--port', '1.5'], '--port: expected a number from 0 to 65535, found 1.5.'],
    [['--port='], '--port: expected a number from 0 to 65535, found nothing.'],
    [['--prot', '1'], "Unknown option '--prot'. Options are --port N and --help: npm run playground -- --port 8080"],
    [['8080'], "Unexpected argument '8080'. Options are --port N and --help: npm run playground -- --port 8080"]
  ])('say what is wrong with %j', (args, problem) => {
    expect(optionsOf(args)).toEqual({ problem })
  })

  it('a port that cannot be had is named, with another to try', () => {
    expect(portProblem(5173, { code: 'EADDRINUSE', message: '' })).toBe('Port 5173 is taken, perhaps by another playground. Choose another: npm run playground -- --port 5174')
    expect(portProblem(80, { code: 'EACCES', message: '' })).toContain('above 1023')
    expect(portProblem(1, { code: 'OTHER', message: 'why' })).toBe('Port 1: why')
  })
})
