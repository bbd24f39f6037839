import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import './scripts/missing.mjs'

const shared = { pool: 'forks', testTimeout: 180_000, hookTimeout: 180_000 } as const

/** The long ones first: a file of a minute that begins last would keep the others waiting. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /[\\/](e2e|core|bench|models|ffmpeg)[\\/]/u.test(moduleId)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

/** Three projects: the code beside its tests, the window's components in happy-dom, and the built program from outside. */
export default defineConfig({
  test: {
    // Many wait for sound, timers and children: two would leave two cores idle a third of the time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['src/renderer/**']
        }
      },
      {
        plugins: [vue()],
        test: { ...shared, name: 'window', include: ['src/renderer/**/*.test.ts'], environment: 'happy-dom' }
      },
      { test: { ...shared, name: 'e2e', include: ['e2e/**/*.test.ts'] } }
    ]
  }
})
