interface Resolved {
  readonly url: string
  readonly shortCircuit?: boolean
}

let hostUrl = ''

/** Node's module hooks, on their own thread: told where the stand-in is. */
export function initialize(data: { readonly hostUrl: string }): void {
  hostUrl = data.hostUrl
}

/** `electron` is the host; everything else is as it was. */
export function resolve(
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => Promise<Resolved>
): Promise<Resolved> | Resolved {
  if (specifier === 'electron' || specifier === 'electron/main') return { url: hostUrl, shortCircuit: true }
  return next(specifier, context)
}
