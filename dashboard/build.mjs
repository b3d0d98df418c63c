// src/ → FOLDER: index.html, app.js, app.css, favicon.svg, licences.txt. The same sources give the same bytes.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const folder = process.argv[2];
// Whose code is in app.js and app.css.
const BUNDLED = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: { app: 'src/main.tsx' },
  outdir: folder,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
});
await build({ entryPoints: { app: 'src/style/page.css' }, outdir: folder, bundle: true, minify: true, target: 'es2022', logLevel: 'warning' });
copyFileSync('src/index.html', `${folder}/index.html`);
copyFileSync('src/favicon.svg', `${folder}/favicon.svg`);
writeFileSync(`${folder}/licences.txt`, BUNDLED.map(licence).join('\n'));

let total = 0;
for (const name of readdirSync(folder)) {
  const bytes = readFileSync(`${folder}/${name}`);
  const packed = gzipSync(bytes, { level: 9 }).length;
  total += packed;
  console.log(`${name.padEnd(14)} ${String(bytes.length).padStart(7)} bytes, ${String(packed).padStart(6)} gzipped`);
}
console.log(`${'all'.padEnd(14)} ${' '.repeat(13)}  ${String(total).padStart(6)} gzipped`);

function licence(name) {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`));
  const text = readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trimEnd();
  return `${name} ${version} (${license})\n\n${text}\n`;
}
