/**
 * Live answers for mini-programs, in a file of its own for those who want them: one socket for all
 * subscriptions (graphql-transport-ws), a heartbeat every 20 s, and polling for as long as there is
 * no socket. Minified it stays below 2,048 bytes; a test weighs it.
 */
import type { Doc } from './yiwang';
/** What both hosts have in common. Without `connectSocket` it polls. */
export interface SocketHost {
    connectSocket?(options: {
        url: string;
        protocols: string[];
        multiple: true;
        fail(): void;
    }): unknown;
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
export declare function socket(host: SocketHost, options: SocketOptions): {
    /** Watches until the server ends it; call what it gives back to stop. */
    watch<R, V>(doc: Doc<R, V>, variables: V, watcher: Watcher<R>): () => void;
};
