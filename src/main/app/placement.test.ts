import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { placementOf } from './placement'
import { readPlacement, writePlacement } from './placementFile'

const SCREEN = { x: 0, y: 0, width: 1920, height: 1040 }
const SECOND = { x: 1920, y: 0, width: 1280, height: 1024 }
const SAVED = { x: 100, y: 80, width: 1000, height: 700, maximized: false }

describe('where the window opens', () => {
  test('first in the middle of the primary screen, no larger than it', () => {
    expect(placementOf(null, [SCREEN])).toEqual({ x: 340, y: 120, width: 1240, height: 800, maximized: false })
    expect(placementOf(null, [{ x: 0, y: 0, width: 1024, height: 700 }])).toMatchObject({ width: 1024, height: 700 })
  })

  test('where it was left, maximized as it was', () => {
    expect(placementOf({ ...SAVED, maximized: true }, [SCREEN])).toEqual({ ...SAVED, maximized: true })
  })

  test('on a second screen that is still there, and back on the first when it is gone (a window nobody could reach)', () => {
    const there = { ...SAVED, x: 2000 }
    expect(placementOf(there, [SCREEN, SECOND])).toMatchObject({ x: 2000 })
    expect(placementOf(there, [SCREEN])).toMatchObject({ x: 340, y: 120 })
  })

  test.each([
    ['its title bar is over the top', { y: -60 }],
    ['only a sliver is left of the right edge', { x: 1900 }],
    ['it is under the bottom', { y: 1030 }],
    ['it is far to the left', { x: -990 }]
  ])('centred again where %s', (_name, moved) => {
    expect(placementOf({ ...SAVED, ...moved }, [SCREEN])).toMatchObject({ x: 340, y: 120 })
  })

  test('never smaller than the layout allows', () => {
    expect(placementOf({ ...SAVED, width: 200, height: 100 }, [SCREEN])).toMatchObject({ width: 900, height: 600 })
  })
})

describe('the file of the place', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-place-'))
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  test('comes back as it was written, with nothing beside it', () => {
    const filePath = path.join(folder, 'window.json')
    writePlacement(filePath, SAVED)
    expect(readPlacement(filePath)).toEqual(SAVED)
    expect(readdirSync(folder)).toEqual(['window.json'])
  })

  test.each(['', '{', 'null', '{"x":1}', '{"x":1e99,"y":0,"width":1,"height":1,"maximized":false}'])(
    'damaged (%j) it is as if there were none',
    (text) => {
      const filePath = path.join(folder, 'damaged.json')
      writeFileSync(filePath, text)
      expect(readPlacement(filePath)).toBeNull()
    }
  )
})
