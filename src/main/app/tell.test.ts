import { beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import { Teller } from './tell'
import { wordsOf } from './words'

interface Box {
  readonly type: string
  readonly message: string
  readonly detail: string
  readonly buttons: string[]
  readonly cancelId: number
}

const electron = vi.hoisted(() => ({
  boxes: [] as { readonly box: unknown; readonly answer: (response: number) => void }[],
  opened: [] as string[]
}))
vi.mock('electron', () => ({
  dialog: {
    showMessageBox: (...args: unknown[]) =>
      new Promise((resolve) => {
        electron.boxes.push({
          box: args.at(-1),
          answer: (response) => {
            resolve({ response, checkboxChecked: false })
          }
        })
      })
  },
  shell: {
    openPath: (path: string) => {
      electron.opened.push(path)
      return Promise.resolve('')
    }
  }
}))

const said: string[] = []
let quits = 0
let isLeaving = false
const words = wordsOf('en', 'en-US')
const teller = (): Teller =>
  new Teller({
    window: () => null,
    words: () => words,
    logFolder: '/logs',
    log: (line, level = 'info') => said.push(`${level} ${line}`),
    quit: () => quits++,
    isLeaving: () => isLeaving
  })
const boxAt = (at: number): Box => electron.boxes[at]!.box as Box
/** As Node's own listeners call it: nobody awaits. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  for (const list of [electron.boxes, electron.opened, said]) list.length = 0
  quits = 0
  isLeaving = false
})

describe('what nothing caught (R10)', () => {
  it('is logged with its trace, shown in words, and the app goes on (a silent half-dead app)', async () => {
    void teller().unexpected(new Error('thrown in a timer'))
    await settle()
    expect(said).toEqual([expect.stringMatching(/^error uncaught: Error: thrown in a timer\n\s+at /u)])
    const { unexpected } = words.dialogs
    expect(boxAt(0)).toMatchObject({
      ...{ type: 'error', message: unexpected.message, detail: unexpected.detail, cancelId: 0 },
      buttons: [unexpected.goOn, unexpected.logs, unexpected.quit]
    })
    electron.boxes[0]!.answer(0)
    await settle()
    expect([quits, electron.opened]).toEqual([0, []])
  })

  it('is shown once at a time, however often it comes, and logged each time (a hundred boxes over each other)', async () => {
    const one = teller()
    for (let n = 0; n < 100; n++) void one.unexpected(n % 2 === 0 ? new Error(`${n}`) : `rejected with ${n}`)
    await settle()
    expect([electron.boxes.length, said.length]).toEqual([1, 100])
    electron.boxes[0]!.answer(1)
    await settle()
    expect(electron.opened).toEqual(['/logs'])
    void one.unexpected(undefined)
    await settle()
    expect(electron.boxes).toHaveLength(2)
    electron.boxes[1]!.answer(2)
    await settle()
    expect(quits).toBe(1)
  })

  it('is only logged on the way out (a box that holds up the end)', async () => {
    isLeaving = true
    void teller().unexpected(new Error('late'))
    await settle()
    expect([electron.boxes.length, said.length]).toEqual([0, 1])
  })
})

it('a failure that a person caused is told with what to do next, without a trace', async () => {
  teller().failed(new AppError('E_DISK_FULL'))
  await settle()
  expect(boxAt(0)).toMatchObject({ type: 'warning', message: words.dialogs.failed.message })
  expect(boxAt(0).detail.length).toBeGreaterThan(20)
  expect(boxAt(0).detail).not.toMatch(/\n\s+at /u)
})
