"use strict";
/**
 * Live answers for mini-programs, in a file of its own for those who want them: one socket for all
 * subscriptions (graphql-transport-ws), a heartbeat every 20 s, and polling for as long as there is
 * no socket. Minified it stays below 2,048 bytes; a test weighs it.
 */
exports.socket = socket;
function socket(host, options) {
    const watched = {};
    const pollMs = options.pollMs || 3000;
    const beatMs = options.beatMs || 20000;
    let task;
    let ready = 0;
    let serial = 0;
    let tries = 0;
    let heard = 0;
    let asked = 0;
    let clock;
    let later;
    const ids = () => Object.keys(watched);
    const say = (message) => task.send({ data: JSON.stringify(message) });
    const subscribe = (id) => say({ id, type: 'subscribe', payload: watched[id].payload });
    function lost(was, event) {
        if (task !== was)
            return;
        task = null;
        ready = 0;
        clearTimeout(later);
        // 4403: the token is not taken.
        if (event && (event.data || event).code == 4403 && options.renew)
            options.renew().catch(() => { });
        if (ids().length)
            later = setTimeout(open, Math.min(30000, 500 * 2 ** tries++) * (1 + Math.random()));
    }
    function open() {
        if (task || !ids().length)
            return;
        const fail = () => lost(mine);
        let mine;
        task = mine = {};
        // `multiple`: without it Alipay closes every other socket.
        const made = host.connectSocket && host.connectSocket({
            url: options.url, protocols: ['graphql-transport-ws'], multiple: true, fail
        });
        if (!made || task !== mine)
            return lost(mine);
        task = mine = made;
        heard = Date.now();
        mine.onOpen(() => {
            const token = options.token();
            task === mine && say({ type: 'connection_init', payload: token ? { Authorization: 'Bearer ' + token } : {} });
        });
        mine.onMessage((event) => {
            if (task !== mine)
                return;
            heard = Date.now();
            asked = 0;
            const data = event.data;
            const { type, id, payload } = JSON.parse(data.trim ? data : data.data);
            const one = watched[id];
            if (type == 'ping')
                say({ type: 'pong' });
            if (type == 'connection_ack') {
                ready = 1;
                tries = 0;
                ids().forEach(subscribe);
            }
            if (!one)
                return;
            if (type == 'next' && payload.data)
                one.next(payload.data);
            if (type == 'error' && one.text && /"PERSISTED_QUERY_NOT_FOUND"/.test(JSON.stringify(payload))) {
                one.payload = { query: one.text, variables: one.payload.variables };
                one.text = 0;
                subscribe(id);
            }
            else if (type == 'error' || type == 'complete') {
                stop(id);
                one.end && one.end(payload);
            }
        });
        mine.onClose((event) => lost(mine, event));
        mine.onError(fail);
    }
    function tick() {
        const silent = Date.now() - heard;
        if (!ready)
            ids().forEach((id) => watched[id] && watched[id].poll && watched[id].poll());
        if (!task)
            return;
        if (silent > 2 * beatMs) {
            const dead = task;
            lost(dead);
            if (dead.close)
                dead.close({});
        }
        else if (ready && silent > beatMs && !asked) {
            asked = 1;
            say({ type: 'ping' });
        }
    }
    function stop(id) {
        if (!watched[id])
            return;
        delete watched[id];
        if (ready)
            say({ id, type: 'complete' });
        if (ids().length)
            return;
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
        watch(doc, variables, watcher) {
            const id = '' + ++serial;
            const payload = doc.id ? { documentId: doc.id, variables } : { query: doc.query, variables };
            if (!ids().length)
                clock = setInterval(tick, pollMs);
            watched[id] = { payload, text: doc.id && doc.query, next: watcher.next, poll: watcher.poll, end: watcher.end };
            ready ? subscribe(id) : open();
            return () => stop(id);
        },
    };
}
