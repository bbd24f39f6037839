/** What the host's own parts know of the way it was started. */
export const VISIBLE = process.env.STILLWAVE_HOST_VISIBLE === '1'
export const CONTROLLED = process.send !== undefined

/** The value of `--name=value` among the app's arguments. */
export function switchValue(name: string): string | null {
  const prefix = `--${name}=`
  return process.argv.find((arg) => arg.startsWith(prefix))?.slice(prefix.length) ?? null
}
