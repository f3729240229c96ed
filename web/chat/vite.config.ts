import { defineConfig } from 'vite';

// While developing, `npm run dev` serves the page and passes what it asks to a running server:
// `parley serve`, or the in-memory one of tests/page (node tests/page/dev_server.mjs).
const server = process.env.PARLEY_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // a data: URL would need a wider content security policy
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: Object.fromEntries(['/api', '/readyz'].map((path) => [path, server])) },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'], testTimeout: 120_000 },
} as Parameters<typeof defineConfig>[0]);
