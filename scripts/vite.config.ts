import { defineConfig } from 'vite'

/** The scripts behind `npm run demo | model | score | bench`, bundled for plain Node. */
export default defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out/scripts',
    rolldownOptions: {
      input: {
        demo: 'scripts/demo.ts',
        model: 'scripts/model.ts',
        score: 'scripts/score.ts',
        bench: 'scripts/bench/bench.ts',
        benchNaive: 'scripts/bench/naive.ts',
        bundleModel: 'scripts/bundleModel.ts',
        benchGraph: 'scripts/bench/graphCostChild.ts'
      },
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' }
    }
  }
})
