// Bundles js/*.js and css/*.css into alliance/static/dist under content-hashed names, so that they can
// be cached for ever, and writes manifest.json: source name → built name, which templates look up.
// `node alliance/assets/build.mjs` builds once; with --watch it builds again at every change.
import { createHash } from "node:crypto";
import { existsSync, watch } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const assets = path.dirname(fileURLToPath(import.meta.url));
const dist = path.resolve(assets, "../static/dist");
const require = createRequire(import.meta.url);

// The decoder is fetched by the scanner page at run time, so no bundle contains it.
const decoder = { "zxing_reader.wasm": require.resolve("zxing-wasm/reader/zxing_reader.wasm") };

/** Files directly in `folder` that end in `suffix`; what lies deeper is imported by them. */
async function entries(folder, suffix) {
  const directory = path.join(assets, folder);
  if (!existsSync(directory)) return [];
  const names = (await readdir(directory)).filter((name) => name.endsWith(suffix) && !name.startsWith("."));
  return names.sort().map((name) => path.join(directory, name));
}

/** Returns [[built name, bytes]…] and fills `manifest`. */
async function bundle(manifest) {
  const entryPoints = [...(await entries("js", ".js")), ...(await entries("css", ".css"))];
  if (entryPoints.length === 0) return [];
  const result = await esbuild.build({
    entryPoints,
    outdir: dist,
    outbase: assets,
    entryNames: "[dir]/[name]-[hash]",
    chunkNames: "js/[name]-[hash]",
    assetNames: "media/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2020"],
    minify: true,
    legalComments: "linked",
    loader: { ".svg": "file", ".png": "file", ".woff2": "file" },
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  for (const [output, { entryPoint }] of Object.entries(result.metafile.outputs)) {
    if (entryPoint) manifest[slashed(path.relative(assets, entryPoint))] = slashed(path.relative(dist, output));
  }
  return result.outputFiles.map((file) => [slashed(path.relative(dist, file.path)), file.contents]);
}

/** What no bundle contains, as it is: the decoder and the icons of the installed application. */
async function copies(manifest) {
  const images = (await readdir(path.join(assets, "images"))).filter((name) => !name.startsWith("."));
  const icons = images.map((name) => [`images/${name}`, path.join(assets, "images", name)]);
  return Promise.all(
    [...Object.entries(decoder), ...icons].map(async ([name, source]) => {
      const contents = await readFile(source);
      const hash = createHash("sha256").update(contents).digest("hex").slice(0, 8).toUpperCase();
      const { dir, name: stem, ext } = path.parse(name);
      manifest[name] = path.posix.join(dir, `${stem}-${hash}${ext}`);
      return [manifest[name], contents];
    }),
  );
}

const slashed = (name) => name.split(path.sep).join("/");

async function build() {
  const manifest = {};
  const files = [...(await bundle(manifest)), ...(await copies(manifest))];
  for (const [name, contents] of files) {
    await mkdir(path.dirname(path.join(dist, name)), { recursive: true });
    await writeFile(path.join(dist, name), contents);
  }
  // The manifest comes last and in one step: a running server never reads half of it.
  const sorted = Object.fromEntries(Object.entries(manifest).sort());
  await writeFile(path.join(dist, "manifest.json.new"), JSON.stringify(sorted, null, 2) + "\n");
  await rename(path.join(dist, "manifest.json.new"), path.join(dist, "manifest.json"));
  await sweep(new Set([...files.map(([name]) => name), "manifest.json"]));
}

/** Removes what an earlier build left behind. */
async function sweep(kept) {
  for (const found of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(found.parentPath ?? found.path, found.name);
    if (found.isFile() && !kept.has(slashed(path.relative(dist, file)))) await rm(file);
  }
}

async function buildAndReport() {
  try {
    await build();
  } catch (error) {
    // esbuild has already said where the mistake is.
    if (!error.errors) console.error(error);
    return false;
  }
  return true;
}

if (process.argv.includes("--watch")) {
  await buildAndReport();
  let timer;
  watch(assets, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(buildAndReport, 100);
  });
} else if (!(await buildAndReport())) {
  process.exitCode = 1;
}
