import eslint from '@eslint/js'
import importX from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

// Imports point one way (see CONTRIBUTING.md): each folder lists the folders of ours that it may import.
const MAY_IMPORT = {
  market: [],
  tracing: ['workflows/contract'],
  sources: ['market'],
  planning: ['market'],
  workflows: ['market', 'planning'],
  db: ['market', 'planning', 'tracing'],
  activities: ['market', 'planning', 'sources', 'db', 'tracing', 'workflows/contract'],
  api: ['market', 'planning', 'db', 'tracing', 'workflows/contract'],
  // Of api/ types only: see below.
  client: ['market', 'api'],
}
const FOLDERS = [
  'market',
  'tracing',
  'sources',
  'planning',
  'workflows',
  'db',
  'activities',
  'api',
  'client',
  'cli',
  'local',
  'test',
  'bench',
]

const zones = Object.entries(MAY_IMPORT).flatMap(([folder, allowed]) =>
  FOLDERS.filter((other) => other !== folder && !allowed.some((a) => a === other)).map((other) => ({
    target: `./${folder}`,
    from: `./${other}`,
    except: allowed.filter((a) => a.startsWith(`${other}/`)).map((a) => `./${a.slice(other.length + 1)}`),
    message: `${folder}/ may import only: ${allowed.join(', ') || 'nothing of ours'}`,
  })),
)

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'db/migrations', '.data'] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver': { node: { extensions: ['.ts', '.js'] } },
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        { zones: [...zones, { target: './local', from: './cli', message: 'nobody imports cli/' }] },
      ],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNever: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      // activities/ is imported by workflows/ as types only: its code must never enter the workflow bundle.
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
      ],
    },
  },
  {
    // The console's page is a program of its own: it calls the API by the client, and runs in a browser.
    files: ['api/console/page/**'],
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: FOLDERS.filter((folder) => !['api', 'client', 'market'].includes(folder)).map((folder) => ({
            target: './api/console/page',
            from: `./${folder}`,
            message: 'the page may import only: client, market, types of api',
          })),
        },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/schemas/**', '**/routes/**', '**/problems.ts'],
              allowTypeImports: true,
              message: 'the page takes only types from api/',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['client/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['**/api/**'], allowTypeImports: true, message: 'client/ takes only types from api/' },
          ],
        },
      ],
    },
  },
  {
    files: ['config.ts', 'test/**', 'bench/**', 'scripts/**', 'local/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        performance: 'readonly',
        URL: 'readonly',
      },
    },
  },
)
