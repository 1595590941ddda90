// Builds what docs/clients ships from its documents and its two sources:
//   node build.mjs          names what is not fresh, and fails
//   node build.mjs --write  writes it anew
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { codegen } from '@graphql-codegen/core';
import * as operationsPlugin from '@graphql-codegen/typescript-operations';
import { Kind, buildSchema, isInputObjectType, getNamedType, parse, print, typeFromAST, validate, visit } from 'graphql';
import { minify } from 'terser';
import ts from 'typescript';

const here = path.dirname(fileURLToPath(import.meta.url));
export const home = path.join(here, '../../../docs/clients');
const HOSTS = ['wechat', 'alipay'];
const CORE = ['yiwang', 'socket'];
/** Root fields whose answers are the same for everybody: GET, without the session's token. */
const PUBLIC = ['app', 'home', 'regions', 'searchApps'];
/** Documents of such fields that are the caller's own all the same. */
const OWN = ['MyHome'];
const SCALARS = { Fen: 'number', Date: 'string', DateTime: 'string', RegionCode: 'string' };
const MADE = '// Made by tests/vendor/clients/build.mjs; what it was made from is the place to change.\n';

const read = (file) => fs.readFileSync(file, 'utf8');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const graphqlFiles = (folder) =>
  fs.readdirSync(folder).filter((name) => name.endsWith('.graphql')).sort().map((name) => path.join(folder, name));

export const schema = buildSchema(read(path.join(home, '../schema.graphql')));

/** The documents: each is one file with one operation of the file's name, its fragments added. */
export function documents() {
  const fragments = new Map();
  for (const file of graphqlFiles(path.join(home, 'documents/fragments'))) {
    const [definition, ...more] = parse(read(file)).definitions;
    if (more.length > 0 || definition.kind !== Kind.FRAGMENT_DEFINITION) throw new Error(`${file}: one fragment`);
    if (definition.name.value !== path.basename(file, '.graphql')) throw new Error(`${file}: is named otherwise`);
    fragments.set(definition.name.value, definition);
  }
  return graphqlFiles(path.join(home, 'documents')).map((file) => {
    const text = read(file);
    const [operation, ...more] = parse(text).definitions;
    const name = path.basename(file, '.graphql');
    if (more.length > 0 || operation.kind !== Kind.OPERATION_DEFINITION) throw new Error(`${file}: one operation`);
    if (operation.name?.value !== name) throw new Error(`${file}: its operation is named otherwise`);
    const used = new Set();
    const spread = (node) =>
      visit(node, {
        FragmentSpread({ name: { value } }) {
          if (!fragments.has(value)) throw new Error(`${file}: no fragment ${value}`);
          if (!used.has(value)) {
            used.add(value);
            spread(fragments.get(value));
          }
        },
      });
    spread(operation);
    const definitions = [operation, ...[...used].sort().map((one) => fragments.get(one))];
    const document = { kind: Kind.DOCUMENT, definitions };
    const faults = validate(schema, document);
    if (faults.length > 0) throw new Error(`${file}: ${faults.join('; ')}`);
    return { name, type: operation.operation, operation, document, words: text.split('\n').filter((line) => line.startsWith('#')).join(' ') };
  });
}

/** What the server trusts, made by `bff documents build`: named anew there, not here. */
function trusted(all) {
  const { operations } = JSON.parse(read(path.join(home, 'documents/manifest.json')));
  const same = (operation, at) =>
    operation.name === all[at]?.name && operation.id === sha256(operation.body) && operation.body === print(all[at].document);
  if (operations.length !== all.length || !operations.every(same)) throw new Error('documents/manifest.json is not of these documents: bff documents build');
  return operations;
}

/** How the client sends a document: see `Doc` in core/yiwang.ts. */
function flags({ name, type, operation, words }) {
  const roots = operation.selectionSet.selections.map((field) => field.name.value);
  const open = type === 'query' && roots.every((root) => PUBLIC.includes(root)) && !OWN.includes(name);
  const keyed = operation.variableDefinitions.some(({ type: node }) => {
    const input = getNamedType(typeFromAST(schema, node));
    return isInputObjectType(input) && /!$/.test(String(input.getFields().idempotencyKey?.type ?? ''));
  });
  const repeats = keyed || /Safe to repeat\./.test(words);
  return {
    ...(open && { get: 1 }),
    ...((open || /Anonymous\./.test(words)) && { open: 1 }),
    ...(type === 'mutation' && !repeats && { once: 1 }),
  };
}

function documentsJs(all, operations, withText) {
  const lines = operations.map(({ name, id, body }, at) => {
    const doc = { id, ...flags(all[at]), ...(withText && { query: body }) };
    return `exports.${name} = ${JSON.stringify(doc)};\n`;
  });
  return MADE + lines.join('');
}

async function documentsDts(all) {
  const types = await codegen({
    filename: 'documents.d.ts',
    schema: parse(read(path.join(home, '../schema.graphql'))),
    documents: all.map(({ name, operation }) => ({ location: name, document: { kind: Kind.DOCUMENT, definitions: [operation] } }))
      .concat(graphqlFiles(path.join(home, 'documents/fragments')).map((file) => ({ location: file, document: parse(read(file)) }))),
    config: { scalars: SCALARS, strictScalars: true, enumsAsTypes: true, enumType: 'string-literal', skipTypename: true, useTypeImports: true },
    plugins: [{ operations: {} }],
    pluginMap: { operations: operationsPlugin },
  });
  const kinds = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' };
  const consts = all.map(({ name, type }) => {
    const base = name + kinds[type];
    return `export declare const ${name}: Doc<${base}, ${base}Variables>;\n`;
  });
  return `${MADE}import type { Doc } from './yiwang';\n\n${types.trim()}\n\n${consts.join('')}`;
}

/** CommonJS for hosts that know nothing of modules. */
function compile() {
  const sources = CORE.map((name) => path.join(home, 'core', `${name}.ts`));
  const options = {
    target: ts.ScriptTarget.ES2018, lib: ['lib.es2018.d.ts'], module: ts.ModuleKind.CommonJS, strict: true, declaration: true, types: [],
  };
  const program = ts.createProgram([...sources, path.join(here, 'host.d.ts')], options);
  const faults = ts.getPreEmitDiagnostics(program);
  if (faults.length > 0) throw new Error(ts.formatDiagnostics(faults, { getCanonicalFileName: (name) => name, getCurrentDirectory: () => home, getNewLine: () => '\n' }));
  const made = {};
  program.emit(undefined, (file, text) => {
    // Nobody imports it as anything but CommonJS.
    made[path.basename(file)] = text.replace(/^Object\.defineProperty\(exports, "__esModule".*\n/m, '').replace(/^exports\..* = void 0;\n/m, '');
  });
  return made;
}

export const small = async (code) => {
  const options = { ecma: 2018, module: true, compress: { passes: 4, unsafe_arrows: true, pure_getters: true } };
  return (await minify(code, options)).code + '\n';
};

/** Every file that is made, by its path below docs/clients. */
export async function build() {
  const all = documents();
  const operations = trusted(all);
  const files = {};
  const [js, dts] = [documentsJs(all, operations, true), await documentsDts(all)];
  files['types/documents.js'] = js;
  files['types/documents.ids.js'] = documentsJs(all, operations, false);
  files['types/documents.d.ts'] = dts.replace(`from './yiwang'`, `from '../core/yiwang'`);
  const core = compile();
  for (const [name, text] of Object.entries(core)) files[`core/${name}`] = text;
  for (const host of HOSTS) {
    for (const name of CORE) {
      files[`${host}/lib/${name}.js`] = await small(core[`${name}.js`]);
      files[`${host}/lib/${name}.d.ts`] = core[`${name}.d.ts`];
    }
    files[`${host}/lib/documents.js`] = js;
    files[`${host}/lib/documents.d.ts`] = dts;
  }
  return files;
}

/** Names of files that are not as they would be made now. */
export async function stale() {
  const files = await build();
  const fresh = (name) => fs.existsSync(path.join(home, name)) && read(path.join(home, name)) === files[name];
  return Object.keys(files).filter((name) => !fresh(name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = await stale();
  if (process.argv.includes('--write')) {
    const files = await build();
    for (const name of names) {
      fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
      fs.writeFileSync(path.join(home, name), files[name]);
    }
  }
  for (const name of names) console.log(name);
  process.exit(names.length > 0 && !process.argv.includes('--write') ? 1 : 0);
}
