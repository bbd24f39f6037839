import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const shared = { pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const

/** Three projects: the code beside its tests, the window's components in happy-dom, and the built program from outside. */
export default defineConfig({
  test: {
    maxWorkers: 2,
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
