import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const read = (name: string): string => readFileSync(path.resolve(import.meta.dirname, '..', name), 'utf8')

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>
}

describe('what npm installs (S45)', () => {
  it('runs no code of its own: this very tree was installed, built and tested so', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/mu)
  })

  it('is known by its hash, every package of it', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as Lock
    const parts = Object.entries(packages).filter(([name]) => name !== '')
    expect(parts.length).toBeGreaterThan(100)
    expect(parts.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-')).map(([name]) => name)).toEqual([])
  })

  it('is asked for by exact versions (another one than was tested would come in)', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
    const asked = Object.entries({ ...dependencies, ...devDependencies })
    expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+$/u.test(version))).toEqual([])
  })

  it('is a week old at least when a release is made', () => {
    const [check] = read('.github/workflows/release.yml').split('\n  pack:')
    expect(check).toContain('ci --min-release-age=7')
  })
})
