// A mini-program in a realm like the hosts' logic layer: the language, the host, timers and the
// console; no text becomes code.
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

const SET_DATA_MAX = 1024 * 1024;

export class Program {
  /** The program below `folder` on this phone, told where the server is. */
  constructor(folder, phone, settings) {
    this.folder = folder;
    this.pages = {};
    const globals = {
      [phone.kind]: phone.host,
      App: () => {},
      Page: (definition) => void (this.pages[this.loading] = definition),
      setTimeout, clearTimeout, setInterval, clearInterval, console,
    };
    this.realm = vm.createContext(globals, { codeGeneration: { strings: false, wasm: false } });
    this.modules = {};
    Object.assign(this.load(path.join(folder, 'settings.js')), settings);
    this.load(path.join(folder, 'app.js'));
    this.host = this.load(path.join(folder, 'lib/host.js'));
  }

  load(file) {
    const full = file.endsWith('.js') ? file : `${file}.js`;
    if (!this.modules[full]) {
      const module = (this.modules[full] = { exports: {} });
      const wrap = `(function (require, module, exports) {${fs.readFileSync(full, 'utf8')}\n})`;
      const run = vm.runInContext(wrap, this.realm, { filename: full });
      run((name) => this.load(path.resolve(path.dirname(full), name)), module, module.exports);
    }
    return this.modules[full].exports;
  }

  evaluate(text) {
    return vm.runInContext(text, this.realm);
  }

  /** Opens the page at this address, as the host does. */
  open(address) {
    const [route, search = ''] = address.replace(/^\//, '').split('?');
    this.loading = route;
    this.load(path.join(this.folder, route));
    const definition = this.pages[route];
    if (!definition) throw new Error(`${route} is no page`);
    const page = Object.assign({}, definition, { data: JSON.parse(JSON.stringify(definition.data)) });
    page.setData = (part) => {
      const text = JSON.stringify(part);
      if (text.length > SET_DATA_MAX) throw new Error('setData of more than 1 MB');
      Object.assign(page.data, JSON.parse(text));
    };
    const query = Object.fromEntries(search.split('&').filter(Boolean).map((pair) => pair.split('=')));
    if (page.onLoad) page.onLoad(query);
    if (page.onShow) page.onShow();
    return page;
  }
}

/** Until it is true; ends a hang after 20 s. */
export async function until(what, holds) {
  for (let tries = 0; tries < 2000; tries += 1) {
    if (await holds()) return;
    await new Promise((wake) => setTimeout(wake, 10));
  }
  throw new Error(`never: ${what}`);
}
