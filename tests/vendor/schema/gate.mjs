// usage: node gate.mjs RELEASED NOW CHANGES [DOCUMENTS_FOLDER]
// What would break a client that was made for the released schema, or one whose documents are in
// the folder. Prints `breaking …`, `document …` and `checked N changes, M documents`; fails on any
// that no row of CHANGES allows: | date | change | path | reason |, not older than the release.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CriticalityLevel, diff, validate } from '@graphql-inspector/core';
import { buildSchema, Source } from 'graphql';

const [released, now, changes, folder] = process.argv.slice(2);
const text = (file) => readFileSync(file, 'utf8');

/** The rows that allow something since the release. */
function allowed(since) {
  const row = /^\|\s*(\d{4}-\d{2}-\d{2})\s*\|\s*`([A-Z_]+)`\s*\|\s*`([^`]+)`\s*\|\s*([^|]*\S)\s*\|$/;
  const rows = text(changes).split('\n').map((line) => row.exec(line)).filter(Boolean);
  return new Set(rows.filter(([, date]) => date >= since).map(([, , type, path]) => `${type} ${path}`));
}

const releasedText = text(released);
const since = /^# Released (\d{4}-\d{2}-\d{2})\.$/m.exec(releasedText)?.[1];
if (since === undefined) throw new Error(`${released} does not say when it was released`);
const ours = buildSchema(text(now));
let faults = 0;

const found = await diff(buildSchema(releasedText), ours);
const rows = allowed(since);
for (const { type, path, message, criticality } of found) {
  if (criticality.level !== CriticalityLevel.Breaking || rows.has(`${type} ${path}`)) continue;
  faults += 1;
  console.log(`breaking ${type} ${path}: ${message}`);
}

const files = folder === undefined ? [] : readdirSync(folder, { recursive: true });
const documents = files.filter((file) => file.endsWith('.graphql')).sort();
const sources = documents.map((file) => new Source(text(join(folder, file)), file));
for (const { source, errors, deprecated } of validate(ours, sources)) {
  for (const { message } of [...errors, ...deprecated]) {
    faults += 1;
    console.log(`document ${source.name}: ${message}`);
  }
}
console.log(`checked ${found.length} changes, ${documents.length} documents`);
process.exit(faults === 0 ? 0 : 1);
