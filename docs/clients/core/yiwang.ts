/**
 * The client of Yiwang for mini-programs. It needs `request` of `wx` or `my` and nothing else: no
 * fetch, no URL, no eval. Minified it stays below 2,048 bytes; a test weighs it.
 *
 * What it does for every call: 8 at once, the rest waits its turn (hosts cap at 10); 10 s; a call
 * that may be repeated is repeated with the same variables, and so with the same key; a session
 * that is over is renewed once for all who wait; a document is named by its id, and sent as text
 * only where the server does not know it.
 */

/** A document of `documents.js`. */
export interface Doc<R = any, V = any> {
  /** SHA-256 of the text; emptied here once the server has said that it does not know it. */
  id?: string;
  /** The text. */
  query?: string;
  /** Goes by GET, for it may lie in a cache. */
  get?: 1;
  /** Goes without the session's token. */
  open?: 1;
  /** Changes something, and must not be repeated unless its input has an idempotencyKey. */
  once?: 1;
  /** For the compiler alone. */
  readonly types?: (variables: V) => R;
}

/** An error of the server. The message is for the citizen. */
export interface Problem {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; traceId?: string };
}

/** What came back. With `errors`, parts of `data` may be null. */
export interface Answer<R = any> {
  /** Of HTTP; nothing where no server answered. */
  status?: number;
  data?: R | null;
  errors?: Problem[];
  /** Of the first error; `NETWORK` where no server answered. */
  code?: string;
  /** What to tell the hotline. */
  traceId?: string;
  /** What to show to the citizen, if something went wrong. */
  words: string;
  /** What to log, if something went wrong. */
  message: string;
  /** Seconds after which the server wants to be asked again. */
  after?: number;
}

/** Why there is no data. */
export type Failure = Error & Answer;


/** The tokens of a session. */
export interface Session {
  accessToken: string;
  refreshToken: string;
}

/** What both hosts have in common. */
export interface Host {
  request(options: {
    url: string;
    method: 'GET' | 'POST';
    data?: string;
    header: { [name: string]: string };
    headers: { [name: string]: string };
    timeout: number;
    success(answer: any): void;
    fail(answer: any): void;
  }): unknown;
  onAppHide?(hear: () => void): void;
  onAppShow?(hear: () => void): void;
}

export interface Options {
  /** `https://…/graphql`. */
  url: string;
  /** `app` when left out. */
  channel?: 'wechat' | 'alipay' | 'app';
  /** As it was saved. */
  session?: Session | null;
  /** Keeps the session; null: forget it. */
  save(session: Session | null): void;
  /** The document RefreshSession. */
  refresh: Doc;
  /** Signs in without asking the citizen; null where that cannot be. */
  signIn?(): Promise<Session | null | undefined>;
}

export interface CallOptions {
  /** Over GET: for texts that are public and short. */
  get?: boolean;
}

/** A key for a payment or a submission: made once, before it is sent the first time. */
export const key = (): string => Date.now().toString(36) + Math.random().toString(36).slice(2);

const encode = encodeURIComponent;

export const client = (host: Host, options: Options) => {
  let live = 0;
  let hidden = 0;
  let session = options.session;
  let renewing: Promise<void> | 0 = 0;
  const queue: (() => void)[] = [];
  const asleep: (() => void)[] = [];

  const token = () => session && session.accessToken;
  const enter = (next: Session | null) => {
    session = next;
    options.save(next);
  };
  const pump = () => {
    while (live < 8 && queue.length) {
      live++;
      queue.shift()!();
    }
  };

  /** One exchange, in its turn. Whatever comes of it is an answer: Alipay fails what is not 2xx. */
  const send = (doc: Doc, variables: any, bearer: any, how: any): Promise<any> =>
    new Promise((resolve) => {
      const { id } = doc;
      const name = id ? 'documentId' : 'query';
      const text = id || doc.query!;
      // A text may be too long for an address.
      const get = how.get || (doc.get && id);
      const header: any = { 'x-channel': options.channel || 'app' };
      if (bearer) header.authorization = 'Bearer ' + bearer;
      const done = (raw: any) => {
        live--;
        pump();
        let content = raw.data;
        try {
          content = JSON.parse(content);
        } catch (e) {}
        const { errors, data } = Object(content);
        const { message, extensions } = Object(errors && errors[0]);
        const { code, traceId } = extensions || ({ code: 'NETWORK' } as any);
        const named = Object(raw.header || raw.headers);
        resolve({
          status: raw.statusCode || raw.status,
          data,
          errors,
          code,
          traceId,
          // Words for developers are English: a citizen is not shown them.
          words: /[一-龥]/.test(message) ? message : '网络不给力，请重试',
          after: +(named['Retry-After'] || named['retry-after']),
          message: 'network: ' + (raw.errMsg || raw.errorMessage || code),
        });
      };
      queue.push(() =>
        host.request({
          url: get
            ? `${options.url}?${name}=${encode(text)}&variables=${encode(JSON.stringify(variables || {}))}`
            : options.url,
          method: get ? 'GET' : 'POST',
          data: get ? undefined : JSON.stringify({ [name]: text, variables }),
          header,
          headers: header,
          timeout: 1e4,
          success: done,
          fail: done,
        }),
      );
      pump();
    });

  const run = async (doc: Doc, variables: any, how: any, strict?: any): Promise<any> => {
    if ((doc as any).trim) doc = { query: doc as any };
    let tries = 0;
    let renewed;
    if (!session && !doc.open && options.signIn) await renew();
    for (;;) {
      const bearer = !doc.open && token();
      const answer = await send(doc, variables, bearer, how || {});
      const { code, status, data, errors, after } = answer;
      const wait = 1e3 * (after || 2 ** tries * (0.5 + Math.random() / 2));
      if (code == 'PERSISTED_QUERY_NOT_FOUND' && doc.id && doc.query) {
        doc.id = '';
      } else if ((code == 'NOT_SIGNED_IN' || status == 401) && !doc.open && !renewed) {
        renewed = 1;
        // Somebody else may have renewed it meanwhile.
        if (bearer && bearer == token()) await renew();
      } else if (
        ((!data && !errors) || status == 429 || status == 503) &&
        (!doc.once || variables.input.idempotencyKey) &&
        tries++ < 3 &&
        wait < 1e4
      ) {
        // In the background every call is cut off: wait until the citizen is back.
        await new Promise<void>((wake) => (hidden ? asleep.push(wake) : setTimeout(wake, wait)));
      } else if (data || (errors && !strict)) {
        return answer;
      } else {
        throw Object.assign(new Error(), answer);
      }
    }
  };

  /** A new session for all who ask at the same time: by its refresh token, else by signing in. */
  const fresh = async () => {
    const answer =
      session && (await run(options.refresh, { input: { refreshToken: session.refreshToken } }, 0, 1));
    enter((answer && answer.data.refreshSession.session) || (options.signIn && (await options.signIn())) || null);
  };
  const renew = (): Promise<void> => (renewing = renewing || fresh().finally(() => (renewing = 0)));

  if (host.onAppShow) {
    host.onAppHide!(() => (hidden = 1));
    host.onAppShow(() => {
      hidden = 0;
      asleep.splice(0).forEach((wake) => wake());
    });
  }

  return {
    /** All that came back, errors beside data; fails only where nothing came. */
    request: run as <R, V>(doc: Doc<R, V> | string, variables?: V | null, how?: CallOptions) => Promise<Answer<R>>,
    /** The data; fails with a {@link Failure} where there is none. */
    call: async <R, V>(doc: Doc<R, V>, variables?: V | null, how?: CallOptions): Promise<R> =>
      (await run(doc, variables, how, 1)).data,
    renew,
    /** Takes a session over; null to leave. */
    enter,
    /** The access token as it is now. */
    token,
  };
};
