/**
 * The same client in the native app: `fetch` in the place of the mini-program's `request`. All that
 * core/yiwang.ts does (queue, retry with the key, one renewal for all) holds here, too.
 */
import type { Host } from '../core/yiwang';

type Fetch = (url: string, init: object) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>;

export function fetchHost(fetch: Fetch): Host {
  return {
    request({ url, method, data, header, timeout, success, fail }) {
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), timeout);
      const headers = { ...header, 'content-type': 'application/json', accept: 'application/json' };
      fetch(url, { method, headers, body: data, signal: stop.signal })
        .then(async (response) => ({
          statusCode: response.status,
          data: await response.text(),
          header: { 'retry-after': response.headers.get('retry-after') },
        }))
        .then(success, (error: Error) => fail({ errMsg: error.message }))
        .finally(() => clearTimeout(timer));
    },
  };
}
