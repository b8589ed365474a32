/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' }, sourceMaps: 'inline' }],
  },
  moduleNameMapper: {
    '^pg-autogen$': '<rootDir>/src/index.ts',
    '^pg-autogen/schema$': '<rootDir>/src/schema.ts',
    '^pg-autogen/kind$': '<rootDir>/src/kind.ts',
    // Sources name each other as the compiler wants it: with the ending of what it emits.
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testSequencer: '<rootDir>/test/support/sequencer.mjs',
  globalSetup: '<rootDir>/test/support/start.mjs',
  globalTeardown: '<rootDir>/test/support/stop.mjs',
  // An embedded engine takes about 400 MB and one core.
  maxWorkers: 2,
  testTimeout: 60_000,
}
