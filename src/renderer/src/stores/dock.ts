import { defineStore } from 'pinia'
import { computed } from 'vue'
import { DOCK_HEIGHT_PX, type AppSettings } from '../../../shared/settings/appSettings'
import { useSettings } from './settings'

export type DockTab = Exclude<AppSettings['dock'], 'closed'>

const LEAST_PX = DOCK_HEIGHT_PX.min
/** The list keeps at least so much. */
const LIST_PX = 260

/** The part of the window under list and settings: which tab is open and how high it is are kept. */
export const useDock = defineStore('dock', () => {
  const settings = useSettings()
  const heightPx = computed(() => settings.current.dockHeightPx)
  const open = computed(() => settings.current.dock)
  let last: DockTab = 'listen'

  /** Opens a tab. */
  function show(tab: DockTab): void {
    last = tab
    if (open.value !== tab) void settings.patch({ dock: tab })
  }
  function close(): void {
    if (open.value !== 'closed') last = open.value
    void settings.patch({ dock: 'closed' })
  }
  function toggle(): void {
    if (open.value === 'closed') show(last)
    else close()
  }
  /** Within sane limits of a window of some height. */
  function resize(px: number, windowPx: number): void {
    const dockHeightPx = Math.round(Math.min(Math.max(LEAST_PX, px), mostPx(windowPx), DOCK_HEIGHT_PX.max))
    if (dockHeightPx !== heightPx.value) settings.patchSoon({ dockHeightPx })
  }
  const mostPx = (windowPx: number): number => Math.max(LEAST_PX, windowPx - LIST_PX)

  return { open, heightPx, show, close, toggle, resize, mostPx, leastPx: LEAST_PX }
})
