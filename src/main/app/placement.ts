import { z } from 'zod'

/** A rectangle of the desktop, in device-independent pixels. */
export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const MIN_SIZE = { width: 900, height: 600 } as const
const FIRST_SIZE = { width: 1240, height: 800 } as const

/** How the window was left. */
export const SavedPlacement = z.strictObject({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(1).max(100_000),
  height: z.number().int().min(1).max(100_000),
  maximized: z.boolean()
})
export type SavedPlacement = z.infer<typeof SavedPlacement>

/** So much of the title bar must lie on a screen that the window can be taken hold of. */
const GRIP = { width: 120, height: 24 } as const

function overlap(start: number, length: number, otherStart: number, otherLength: number): number {
  return Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart)
}

function canBeGrabbed(area: Area, screen: Area): boolean {
  return (
    overlap(area.x, area.width, screen.x, screen.width) >= GRIP.width &&
    overlap(area.y, GRIP.height, screen.y, screen.height) >= GRIP.height
  )
}

function centred(screen: Area): Area {
  const width = Math.min(FIRST_SIZE.width, screen.width)
  const height = Math.min(FIRST_SIZE.height, screen.height)
  return {
    x: screen.x + Math.round((screen.width - width) / 2),
    y: screen.y + Math.round((screen.height - height) / 2),
    width,
    height
  }
}

/** Where the window opens: where it was left, if that is on a screen still; `screens` are work areas, the primary one first. */
export function placementOf(saved: SavedPlacement | null, screens: readonly Area[]): Area & { maximized: boolean } {
  const primary = screens[0] ?? { x: 0, y: 0, ...FIRST_SIZE }
  const maximized = saved?.maximized ?? false
  if (saved === null || !screens.some((screen) => canBeGrabbed(saved, screen)))
    return { ...centred(primary), maximized }
  const { x, y } = saved
  return {
    x,
    y,
    width: Math.max(saved.width, MIN_SIZE.width),
    height: Math.max(saved.height, MIN_SIZE.height),
    maximized
  }
}
