import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'

/** Which folder may import which: the path says the process (ARCHITECTURE.md). */
const layers = {
  shared: ['audio', 'engine', 'media', 'main', 'preload', 'renderer'],
  audio: ['engine', 'media', 'main', 'preload', 'renderer'],
  engine: ['media', 'main', 'preload', 'renderer'],
  media: ['engine', 'main', 'preload', 'renderer'],
  main: ['audio', 'preload', 'renderer'],
  preload: ['audio', 'engine', 'media', 'main', 'renderer'],
  renderer: ['audio', 'engine', 'media', 'main', 'preload']
}

const banImports = (patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })

/** Main knows of its utility processes nothing but their protocols. */
const engineInside = {
  regex: '(^|/)(engine|media)/(?!(?:protocol|workshopProtocol)$)',
  message: 'Main speaks to engine and media through their protocols only.'
}

const electron = { regex: '^electron', message: 'Electron belongs to src/main/app, src/main/ipc and the preload.' }

const ipcMain = {
  group: ['electron'],
  importNames: ['ipcMain'],
  message: 'Only src/main/ipc/ipcServer.ts listens to the window: who asks and what is checked there.'
}

const outside = (folders) => ({
  regex: `(^|/)\\.\\./(.*/)?(${folders.join('|')})/`,
  message: 'This folder must not import that one (ARCHITECTURE.md, layers).'
})

const ort = { regex: '^onnxruntime-node$', message: 'Only src/engine/onnx/runtime.ts imports onnxruntime-node.' }

export default tseslint.config(
  { ignores: ['out/**', 'node_modules/**', 'demo-output/**', 'models/training/**'] },
  js.configs.recommended,
  vue.configs['flat/recommended'],
  {
    files: ['**/*.ts', '**/*.vue'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        parser: tseslint.parser,
        extraFileExtensions: ['.vue'],
        projectService: { allowDefaultProject: ['electron.vite.config.ts', 'vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname
      }
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector:
            "CallExpression[callee.property.name='kill'][callee.object.name!='process'][arguments.0.value=/^SIG/]",
          message: 'killChild() of src/shared/processes: one that never started has the pid 0, which is our own group.'
        }
      ]
    }
  },
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser },
    // Without a type checker that reads templates every import of a component looks untyped; vue-tsc checks them.
    rules: { 'vue/multi-word-component-names': 'off', 'vue/require-default-prop': 'off' }
  },
  { files: ['**/*.d.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['*.config.ts', 'scripts/vite.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['src/shared/**/*.ts'],
    rules: banImports([outside(layers.shared), ort, { regex: '^(node:|electron|vue)' }])
  },
  { files: ['src/shared/**/*.test.ts'], rules: banImports([outside(layers.shared), ort]) },
  { files: ['src/audio/**/*.ts'], rules: banImports([outside(layers.audio), ort, { regex: '^(electron|vue)' }]) },
  { files: ['src/engine/**/*.ts'], rules: banImports([outside(layers.engine), ort, { regex: '^(electron|vue)' }]) },
  { files: ['src/engine/onnx/runtime.ts'], rules: banImports([outside(layers.engine)]) },
  { files: ['src/media/**/*.ts'], rules: banImports([outside(layers.media), ort, { regex: '^(electron|vue)' }]) },
  {
    files: ['src/main/**/*.ts'],
    rules: {
      ...banImports([outside(layers.main), engineInside, ort, ipcMain]),
      'no-restricted-properties': [
        'error',
        { property: 'openExternal', message: 'The app opens no address outside itself.' }
      ]
    }
  },
  { files: ['src/main/ipc/ipcServer.ts'], rules: banImports([outside(layers.main), engineInside, ort]) },
  { files: ['src/preload/**/*.ts'], rules: banImports([outside(layers.preload), ort, { regex: '^(vue|zod)' }]) },
  {
    files: ['src/renderer/**/*.ts', 'src/renderer/**/*.vue'],
    languageOptions: { globals: { window: 'readonly', document: 'readonly', navigator: 'readonly' } },
    rules: banImports([outside(layers.renderer), ort, { regex: '^(node:|electron)' }])
  },
  {
    files: ['src/main/**/*.ts'],
    ignores: ['src/main/index.ts', 'src/main/app/**', 'src/main/ipc/**', 'src/main/processes/utilityTransport.ts'],
    rules: banImports([outside(layers.main), engineInside, ort, electron])
  },
  { files: ['src/**/*.test.ts'], rules: { ...banImports([ort]), '@typescript-eslint/require-await': 'off' } },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
  { languageOptions: { globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' } } },
  prettier
)
