import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import tseslint from 'typescript-eslint'

/** Which folder may import which: the path says the process (ARCHITECTURE.md). */
const layers = {
  shared: ['audio', 'engine', 'media', 'main', 'preload', 'renderer'],
  audio: ['engine', 'media', 'main', 'preload', 'renderer'],
  engine: ['media', 'main', 'preload', 'renderer'],
  main: ['audio', 'media', 'renderer']
}

const banImports = (patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })

/** Main knows of the engine process nothing but its protocol. */
const engineInside = {
  regex: '(^|/)engine/(?!protocol$)',
  message: 'Main speaks to the engine through engine/protocol only.'
}

const outside = (folders) => ({
  regex: `(^|/)\\.\\./(.*/)?(${folders.join('|')})/`,
  message: 'This folder must not import that one (ARCHITECTURE.md, layers).'
})

const ort = { regex: '^onnxruntime-node$', message: 'Only src/engine/onnx/runtime.ts imports onnxruntime-node.' }

export default tseslint.config(
  { ignores: ['out/**', 'node_modules/**', 'demo-output/**', 'models/training/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
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
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }
      ]
    }
  },
  { files: ['*.config.ts', 'scripts/vite.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['src/shared/**/*.ts'],
    rules: banImports([outside(layers.shared), ort, { regex: '^(node:|electron|vue)' }])
  },
  { files: ['src/shared/**/*.test.ts'], rules: banImports([outside(layers.shared), ort]) },
  { files: ['src/audio/**/*.ts'], rules: banImports([outside(layers.audio), ort, { regex: '^(electron|vue)' }]) },
  { files: ['src/engine/**/*.ts'], rules: banImports([outside(layers.engine), ort, { regex: '^(electron|vue)' }]) },
  { files: ['src/engine/onnx/runtime.ts'], rules: banImports([outside(layers.engine)]) },
  { files: ['src/main/**/*.ts'], rules: banImports([outside(layers.main), engineInside, ort]) },
  {
    files: ['src/main/jobs/**/*.ts'],
    rules: banImports([outside(layers.main), engineInside, ort, { regex: '^electron' }])
  },
  { files: ['src/**/*.test.ts'], rules: { ...banImports([ort]), '@typescript-eslint/require-await': 'off' } },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
  { languageOptions: { globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' } } },
  prettier
)
