/**
 * Live answers for mini-programs, in a file of its own for those who want them: one socket for all
 * subscriptions (graphql-transport-ws), a heartbeat every 20 s, and polling for as long as there is
 * no socket. Minified it stays below 2,048 bytes; a test weighs it.
 */

import type { Doc } from './yiwang';

interface Task {
  onOpen(hear: (event: any) => void): void;
  onMessage(hear: (event: any) => void): void;
  onClose(hear: (event: any) => void): void;
  onError(hear: (event: any) => void): void;
  send(message: any): void;
  close(how: any): void;
}

/** What both hosts have in common. Without `connectSocket` it polls. */
export interface SocketHost {
  connectSocket?(options: { url: string; protocols: string[]; multiple: true; fail(): void }): unknown;
  onAppShow?(hear: () => void): void;
}

export interface SocketOptions {
  /** `wss://…/graphql`. */
  url: string;
  /** The access token, as it is now. */
  token(): string | null | undefined;
  /** Gets a new one; called when the server does not take this one. */
  renew?(): Promise<unknown>;
  /** Between two polls, in milliseconds; 3000. */
  pollMs?: number;
  /** Of silence until a heartbeat, in milliseconds; 20000. Twice that, and the socket is dead. */
  beatMs?: number;
}

export interface Watcher<R> {
  next(data: R): void;
  /** Looks once, while there is no socket. */
  poll?(): void;
  /** The server has nothing more to say. */
  end?(errors?: any[]): void;
}

export function socket(host: SocketHost, options: SocketOptions) {
  const watched: { [id: string]: any } = {};
  const pollMs = options.pollMs || 3000;
  const beatMs = options.beatMs || 20000;
  let task: Task | null | undefined;
  let ready = 0;
  let serial = 0;
  let tries = 0;
  let heard = 0;
  let asked = 0;
  let clock: any;
  let later: any;

  const ids = () => Object.keys(watched);
  const say = (message: object) => task!.send({ data: JSON.stringify(message) });
  const subscribe = (id: string) => say({ id, type: 'subscribe', payload: watched[id].payload });

  function lost(was: any, event?: any) {
    if (task !== was) return;
    task = null;
    ready = 0;
    clearTimeout(later);
    // 4403: the token is not taken.
    if (event && (event.data || event).code == 4403 && options.renew) options.renew().catch(() => {});
    if (ids().length) later = setTimeout(open, Math.min(30000, 500 * 2 ** tries++) * (1 + Math.random()));
  }

  function open() {
    if (task || !ids().length) return;
    const fail = () => lost(mine);
    let mine: any;
    task = mine = {} as any;
    // `multiple`: without it Alipay closes every other socket.
    const made = host.connectSocket && host.connectSocket({
      url: options.url, protocols: ['graphql-transport-ws'], multiple: true, fail });
    if (!made || task !== mine) return lost(mine);
    task = mine = made as any;
    heard = Date.now();
    mine.onOpen(() => {
      const token = options.token();
      task === mine && say({ type: 'connection_init', payload: token ? { Authorization: 'Bearer ' + token } : {} });
    });
    mine.onMessage((event: any) => {
      if (task !== mine) return;
      heard = Date.now();
      asked = 0;
      const data = event.data;
      const { type, id, payload } = JSON.parse(data.trim ? data : data.data);
      const one = watched[id];
      if (type == 'ping') say({ type: 'pong' });
      if (type == 'connection_ack') {
        ready = 1;
        tries = 0;
        ids().forEach(subscribe);
      }
      if (!one) return;
      if (type == 'next' && payload.data) one.next(payload.data);
      if (type == 'error' && one.text && /"PERSISTED_QUERY_NOT_FOUND"/.test(JSON.stringify(payload))) {
        one.payload = { query: one.text, variables: one.payload.variables };
        one.text = 0;
        subscribe(id);
      } else if (type == 'error' || type == 'complete') {
        stop(id);
        one.end && one.end(payload);
      }
    });
    mine.onClose((event: any) => lost(mine, event));
    mine.onError(fail);
  }

  function tick() {
    const silent = Date.now() - heard;
    if (!ready) ids().forEach((id) => watched[id] && watched[id].poll && watched[id].poll());
    if (!task) return;
    if (silent > 2 * beatMs) {
      const dead = task;
      lost(dead);
      if (dead.close) dead.close({});
    } else if (ready && silent > beatMs && !asked) {
      asked = 1;
      say({ type: 'ping' });
    }
  }

  function stop(id: string) {
    if (!watched[id]) return;
    delete watched[id];
    if (ready) say({ id, type: 'complete' });
    if (ids().length) return;
    clearInterval(clock);
    clearTimeout(later);
    const old = task;
    task = null;
    ready = 0;
    old && old.close && old.close({ code: 1000 });
  }

  // The host closed it in the background: try at once.
  host.onAppShow &&
    host.onAppShow(() => {
      tries = 0;
      clearTimeout(later);
      open();
    });

  return {
    /** Watches until the server ends it; call what it gives back to stop. */
    watch<R, V>(doc: Doc<R, V>, variables: V, watcher: Watcher<R>): () => void {
      const id = '' + ++serial;
      const payload = doc.id ? { documentId: doc.id, variables } : { query: doc.query, variables };
      if (!ids().length) clock = setInterval(tick, pollMs);
      watched[id] = { payload, text: doc.id && doc.query, next: watcher.next, poll: watcher.poll, end: watcher.end };
      ready ? subscribe(id) : open();
      return () => stop(id);
    },
  };
}
