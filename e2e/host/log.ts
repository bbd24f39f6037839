/** The host's own words, on stderr beside the app's. */
export function log(line: string): void {
  process.stderr.write(`[host] ${line}\n`)
}
