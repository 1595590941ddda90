//! The same operation as each channel sends it.

use super::example::Example;
use super::reference::Verb;

/// How one channel sends it.
pub struct Snippet {
    /// Who reads it.
    pub title: &'static str,
    /// In which language.
    pub language: &'static str,
    /// What to copy.
    pub text: String,
}

/// For the mini-programs, the app or a page, and the command line.
pub fn of(url: &str, verb: Verb, example: &Example) -> Vec<Snippet> {
    match verb {
        Verb::Query | Verb::Mutation => requests(url, example),
        Verb::Subscription => subscriptions(url, example),
    }
}

fn constants(example: &Example) -> String {
    let variables = serde_json::to_string_pretty(&example.variables).unwrap_or_default();
    format!("const query = `{}`;\nconst variables = {variables};\n", example.document.trim_end())
}

fn body(example: &Example) -> String {
    let body = serde_json::json!({ "query": example.document, "variables": example.variables });
    body.to_string().replace('\'', "'\\''")
}

fn requests(url: &str, example: &Example) -> Vec<Snippet> {
    let constants = constants(example);
    let we_chat = format!(
        "{constants}wx.request({{
  url: '{url}/graphql',
  method: 'POST',
  header: {{ 'content-type': 'application/json', 'X-Channel': 'wechat', Authorization: `Bearer ${{accessToken}}` }},
  data: JSON.stringify({{ query, variables }}),
  timeout: 10000,
  success: ({{ data }}) => console.log(data.errors ?? data.data),
  fail: console.error, // 没有应答：写操作用同一个 idempotencyKey 再发
}});"
    );
    let alipay = format!(
        "{constants}my.request({{
  url: '{url}/graphql',
  method: 'POST',
  headers: {{ 'content-type': 'application/json', 'X-Channel': 'alipay', Authorization: `Bearer ${{accessToken}}` }},
  data: JSON.stringify({{ query, variables }}),
  dataType: 'json',
  timeout: 10000,
  success: ({{ data }}) => console.log(data.errors ?? data.data),
  fail: console.error, // 没有应答：写操作用同一个 idempotencyKey 再发
}});"
    );
    let fetch = format!(
        "{constants}const answer = await fetch('{url}/graphql', {{
  method: 'POST',
  headers: {{
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json',
    'X-Channel': 'app',
    Authorization: `Bearer ${{accessToken}}`,
  }},
  body: JSON.stringify({{ query, variables }}),
  signal: AbortSignal.timeout(10000),
}});
const {{ data, errors }} = await answer.json();"
    );
    let curl = format!(
        "curl -s '{url}/graphql' -H 'Content-Type: application/json' \\\n  \
         -H \"Authorization:${{TOKEN:+ Bearer $TOKEN}}\" \\\n  -d '{}'",
        body(example)
    );
    vec![
        Snippet { title: "微信小程序 wx.request", language: "js", text: we_chat },
        Snippet { title: "支付宝小程序 my.request", language: "js", text: alipay },
        Snippet { title: "App 与网页 fetch", language: "js", text: fetch },
        Snippet { title: "命令行 curl", language: "bash", text: curl },
    ]
}

fn subscriptions(url: &str, example: &Example) -> Vec<Snippet> {
    let constants = constants(example);
    let socket = url.replacen("http", "ws", 1);
    let speak = "const say = (message) => task.send({ data: JSON.stringify(message) });
task.onOpen(() => say({ type: 'connection_init', payload: { Authorization: `Bearer ${accessToken}` } }));";
    let hear = "  if (message.type === 'connection_ack') say({ id: '1', type: 'subscribe', payload: { query, variables } });
  if (message.type === 'ping') say({ type: 'pong' });
  if (message.type === 'next') console.log(message.payload);";
    let we_chat = format!(
        "{constants}const task = wx.connectSocket({{ url: '{socket}/graphql', protocols: ['graphql-transport-ws'] }});
{speak}
task.onMessage(({{ data }}) => {{
  const message = JSON.parse(data);
{hear}
}});"
    );
    let alipay = format!(
        "{constants}// 没有 multiple: true，新连接会关掉旧连接。
const task = my.connectSocket({{ url: '{socket}/graphql', protocols: ['graphql-transport-ws'], multiple: true }});
{speak}
task.onMessage(({{ data }}) => {{
  const message = JSON.parse(data.data);
{hear}
}});"
    );
    let browser = format!(
        "{constants}const socket = new WebSocket('{socket}/graphql', 'graphql-transport-ws');
const say = (message) => socket.send(JSON.stringify(message));
socket.onopen = () => say({{ type: 'connection_init', payload: {{ Authorization: `Bearer ${{accessToken}}` }} }});
socket.onmessage = ({{ data }}) => {{
  const message = JSON.parse(data);
{hear}
}};"
    );
    let curl = format!(
        "curl -sN '{url}/graphql' -H 'Content-Type: application/json' -H 'Accept: text/event-stream' \\\n  \
         -H \"Authorization:${{TOKEN:+ Bearer $TOKEN}}\" \\\n  -d '{}'",
        body(example)
    );
    vec![
        Snippet { title: "微信小程序 wx.connectSocket", language: "js", text: we_chat },
        Snippet { title: "支付宝小程序 my.connectSocket", language: "js", text: alipay },
        Snippet { title: "App 与网页 WebSocket", language: "js", text: browser },
        Snippet { title: "命令行 curl（事件流）", language: "bash", text: curl },
    ]
}
