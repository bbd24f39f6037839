import type { ForecastView } from '../../../../shared/ipc/views'
import { LIMITS } from '../../../../shared/settings/jobSettings'

/** Budgets are in MB of 10^6 bytes, as all sizes of the window. */
export const MB = 1e6

/** Where nothing is known of the model yet; the full-size network fits. */
const UNMEASURED_MB = 400
/** A first budget leaves what is needed now a little room. */
const ROOM = 1.1
const STEP_MB = 10

/** What a budget begins with: a little over what the settings take now, so that nothing changes by choosing it. */
export function firstBudgetMb(forecast: ForecastView | null): number {
  const bytes = forecast?.ramBytes ?? null
  const mb = bytes === null ? UNMEASURED_MB : Math.ceil((bytes * ROOM) / MB / STEP_MB) * STEP_MB
  return Math.min(LIMITS.budgetMb.max, Math.max(LIMITS.budgetMb.min, mb))
}
