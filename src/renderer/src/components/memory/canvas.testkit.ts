import { vi } from 'vitest'

/** What the graph draws on where there is no canvas: it takes every call, and remembers the texts. */
export function installCanvas(): { readonly texts: readonly string[]; readonly restore: () => void } {
  const texts: string[] = []
  const known: Record<string | symbol, unknown> = {
    measureText: (text: string) => ({ width: text.length * 6 }),
    fillText: (text: string) => texts.push(text)
  }
  const takesAll = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (values, name) => (name in values ? (values as typeof known)[name] : () => undefined)
    })
  const context = takesAll(known)
  const spy = vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(context as never)
  // Called with `new`: what it gives back is the path.
  vi.stubGlobal('Path2D', function path() {
    return takesAll({})
  })
  return {
    texts,
    restore: () => {
      spy.mockRestore()
      vi.unstubAllGlobals()
    }
  }
}
