import { describeError } from '../../shared/errors/describe'
import type { Outlook } from '../../shared/ipc/outlookViews'
import { csvOf } from './csv'

const HEAD = ['input', 'output', 'act', 'wantedName', 'durationSec', 'expectedBytes', 'errorCode', 'error']

/** What a run would do, a row for each file. */
export function outlookCsv({ files }: Outlook): string {
  const rows = files.map(({ input, output, act, wanted, durationSec, bytes, error }) => {
    const why = error === null ? [null, null] : [error.code, describeError(error).what]
    return [input, output, act, wanted, durationSec, bytes, ...why]
  })
  return csvOf([HEAD, ...rows])
}
