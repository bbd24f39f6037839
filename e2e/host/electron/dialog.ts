import { createInterface } from 'node:readline/promises'
import { strict } from '../refuse'
import { CONTROLLED } from '../switches'
import { log } from '../log'

/** What a test answers to the next dialog of a kind. */
export type DialogAnswer =
  | { readonly kind: 'open'; readonly filePaths: readonly string[] }
  | { readonly kind: 'save'; readonly filePath: string | null }
  | { readonly kind: 'message'; readonly response: number; readonly checkboxChecked?: boolean }

type Options = Readonly<Record<string, unknown>>

const answers: DialogAnswer[] = []
/** Every dialog that was opened, with its options: for tests. */
export const opened: { readonly kind: string; readonly options: Options }[] = []

export function answerNextDialog(answer: DialogAnswer): void {
  answers.push(answer)
}

/** A dialog that no test foresaw would wait for ever under Electron; here it says so. */
async function ask<K extends DialogAnswer['kind']>(
  kind: K,
  args: readonly unknown[]
): Promise<Extract<DialogAnswer, { kind: K }>> {
  const options = args.at(-1) as Options
  // Functions and signals are not for the test's side.
  const told = Object.fromEntries(Object.entries(options).filter(([, value]) => !(value instanceof AbortSignal)))
  opened.push({ kind, options: told })
  if (!CONTROLLED) return (await askInTerminal(kind, options)) as Extract<DialogAnswer, { kind: K }>
  const at = answers.findIndex((answer) => answer.kind === kind)
  if (at < 0) {
    log(`a dialog that no test answers: ${JSON.stringify({ kind, ...told })}`)
    return new Promise(() => undefined)
  }
  return answers.splice(at, 1)[0] as Extract<DialogAnswer, { kind: K }>
}

async function askInTerminal(kind: DialogAnswer['kind'], options: Options): Promise<DialogAnswer> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const words = [options.title, options.message, options.detail].filter((text) => typeof text === 'string')
  try {
    if (kind === 'message') {
      const buttons = (options.buttons ?? ['OK']) as readonly string[]
      const list = buttons.map((label, i) => `${i + 1} ${label}`).join(', ')
      const typed = Number(await terminal.question(`${words.join('\n')}\n[${list}] `)) - 1
      const response = typed in buttons ? typed : Number(options.cancelId ?? 0)
      return { kind, response }
    }
    const typed = await terminal.question(`${words.join('\n')}\nPaths, separated by semicolons (nothing to leave): `)
    const filePaths = typed
      .split(';')
      .map((path) => path.trim())
      .filter((path) => path !== '')
    return kind === 'open' ? { kind, filePaths } : { kind, filePath: filePaths[0] ?? null }
  } finally {
    terminal.close()
  }
}

/** Electron's `dialog`. */
export const dialog = strict('dialog', {
  showOpenDialog: async (...args: unknown[]): Promise<{ canceled: boolean; filePaths: readonly string[] }> => {
    const { filePaths } = await ask('open', args)
    return { canceled: filePaths.length === 0, filePaths }
  },
  showSaveDialog: async (...args: unknown[]): Promise<{ canceled: boolean; filePath: string }> => {
    const { filePath } = await ask('save', args)
    return { canceled: filePath === null, filePath: filePath ?? '' }
  },
  showMessageBox: async (...args: unknown[]): Promise<{ response: number; checkboxChecked: boolean }> => {
    const { response, checkboxChecked = false } = await ask('message', args)
    return { response, checkboxChecked }
  },
  showErrorBox: (title: string, content: string): void => {
    opened.push({ kind: 'error', options: { title, content } })
    log(`error box: ${title}: ${content}`)
  }
})
