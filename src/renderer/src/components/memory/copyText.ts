/** Puts a text on the clipboard, within a click. False where the system did not take it. */
export function copyText(text: string): boolean {
  const put = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
  }
  document.addEventListener('copy', put, { once: true })
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the newer way asks for a permission, and this window has none
    return document.execCommand('copy')
  } finally {
    document.removeEventListener('copy', put)
  }
}
