import type { OfferView } from '../../../../shared/ipc/modelViews'

/** Where a download begins: at the mirror of the settings where the offer has it, else at its own first. */
export function mirrorOf({ mirrors }: OfferView, wanted: string | null): string {
  return (wanted !== null && mirrors.includes(wanted) ? wanted : mirrors[0]) ?? ''
}
