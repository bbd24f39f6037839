import { describe, expect, it } from 'vitest'
import { describeError } from './describe'

const full = { code: 'E_DISK_FULL', data: { detail: '9 bytes are needed' } } as const

describe('describeError', () => {
  it('says what to do for what was being done (a download was told to choose another output folder)', () => {
    expect(describeError(full).next).toContain('output folder')
    const { what, next } = describeError(full, 'models')
    expect(what).toBe('The disk is full. (9 bytes are needed)')
    expect(next).not.toContain('output folder')
    expect(describeError({ code: 'E_READ_ONLY', data: {} }, 'models').next).toContain('models folder')
    // What has words of its own for the command line keeps them; what has none for models has the common ones.
    expect(describeError({ code: 'E_MODEL_MISSING', data: {} }, 'models').next).toContain('npm run model')
    expect(describeError({ code: 'E_CANCELLED', data: {} }, 'models')).toEqual(
      describeError({ code: 'E_CANCELLED', data: {} })
    )
  })
})
