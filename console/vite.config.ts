import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const api = process.env.LINESIDE_API ?? 'http://127.0.0.1:7400';

export default defineConfig({
  plugins: [react()],
  // Packages hoisted above this workspace would otherwise find another copy of React there.
  resolve: { dedupe: ['react', 'react-dom'] },
  build: { target: 'es2022', sourcemap: false },
  server: { proxy: { '/api': { target: api, changeOrigin: false } } },
});
