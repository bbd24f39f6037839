import { defineConfig } from 'vite'

/** The scripts behind `npm run demo | model | score | bench | start:host`, and the host of the window's specs, for plain Node. */
export default defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out/scripts',
    rolldownOptions: {
      input: {
        demo: 'scripts/demo.ts',
        model: 'scripts/model.ts',
        device: 'scripts/device.ts',
        score: 'scripts/score.ts',
        bench: 'scripts/bench/bench.ts',
        bundleModel: 'scripts/bundleModel.ts',
        measureMemory: 'scripts/measureMemory.ts',
        benchGraph: 'scripts/bench/graphCostChild.ts',
        pack: 'scripts/pack.ts',
        licences: 'scripts/licences.ts',
        sbom: 'scripts/sbom.ts',
        reliability: 'scripts/reliability/reliability.ts',
        reliabilityCore: 'src/main/core/coreChild.testkit.ts',
        startHost: 'scripts/startHost.ts',
        hostRun: 'e2e/host/run.ts',
        hostElectron: 'e2e/host/electron.ts',
        hostResolve: 'e2e/host/resolveElectron.ts',
        hostUtility: 'e2e/host/utility.ts'
      },
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' }
    }
  }
})
