import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const api = process.env.LINESIDE_API ?? 'http://127.0.0.1:7400';

/** The catalogue of English keeps only what differs from its key: mostly plurals. */
const spareEnglish: Plugin = {
  name: 'spare-english',
  enforce: 'pre',
  transform: {
    filter: { id: /i18n\/locales\/en\.json$/ },
    handler: (code) =>
      JSON.stringify(
        Object.fromEntries(Object.entries(JSON.parse(code)).filter(([key, text]) => key !== text)),
      ),
  },
};

export default defineConfig({
  plugins: [spareEnglish, react()],
  // Packages hoisted above this workspace would otherwise find another copy of React there.
  resolve: { dedupe: ['react', 'react-dom'] },
  build: {
    target: 'es2022',
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // Many small files would be asked for one after the other, each before anything is painted.
        codeSplitting: { groups: [{ name: 'common', minShareCount: 4 }] },
      },
    },
  },
  server: { proxy: { '/api': { target: api, changeOrigin: false } } },
});
