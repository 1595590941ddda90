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
    extensions?: {
        code?: string;
        traceId?: string;
    };
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
        header: {
            [name: string]: string;
        };
        headers: {
            [name: string]: string;
        };
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
export declare const key: () => string;
export declare const client: (host: Host, options: Options) => {
    /** All that came back, errors beside data; fails only where nothing came. */
    request: <R, V>(doc: Doc<R, V> | string, variables?: V | null, how?: CallOptions) => Promise<Answer<R>>;
    /** The data; fails with a {@link Failure} where there is none. */
    call: <R, V>(doc: Doc<R, V>, variables?: V | null, how?: CallOptions) => Promise<R>;
    renew: () => Promise<void>;
    /** Takes a session over; null to leave. */
    enter: (next: Session | null) => void;
    /** The access token as it is now. */
    token: () => string | null | undefined;
};
