//! What is asked, word for word, and how each server wants it asked.

use super::servers::Kind;
use serde_json::{Value, json};
use tests::citizen::Citizen;

/// The region that everybody asks about.
pub const REGION: &str = "330100";
/// What each payment takes.
pub const FEN: i64 = 20_600;
/// Begins the number of every notice that is paid; eight digits end it.
pub const NOTICE_PREFIX: &str = "330100000000";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// The public home page.
    Home,
    /// The same, by GET and the document's id.
    HomeById,
    /// The same beside a part that is the caller's own: nobody may keep such an answer.
    HomeComputed,
    /// Searching apps, signed in.
    Search,
    /// The caller's open notices.
    Notices,
    /// Starting a payment, nobody asking the rail.
    Start,
    /// Starting a payment, with the rail's call.
    StartWithRail,
}

impl Operation {
    /// In the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "home, public, POST",
            Self::HomeById => "home, public, GET by document id",
            Self::HomeComputed => "home, computed each time",
            Self::Search => "search",
            Self::Notices => "my notices",
            Self::Start => "start payment",
            Self::StartWithRail => "start payment, with the rail's call",
        }
    }

    /// Its document.
    pub const fn document(self) -> &'static str {
        match self {
            Self::Home | Self::HomeById => HOME,
            Self::HomeComputed => HOME_COMPUTED,
            Self::Search => SEARCH,
            Self::Notices => NOTICES,
            Self::Start | Self::StartWithRail => START,
        }
    }

    /// What every right answer has in it.
    pub const fn must_have(self) -> &'static str {
        match self {
            Self::Start | Self::StartWithRail => "\"userErrors\":[]",
            Self::Home | Self::HomeById | Self::HomeComputed => {
                "\"data\":{\"home\":{\"categories\":[{"
            }
            Self::Search => "\"data\":{\"searchApps\":[{",
            Self::Notices => "\"data\":{\"viewer\":{\"notices\":{\"nodes\":[{",
        }
    }

    /// Whether somebody asks, and not anybody.
    pub const fn signed_in(self) -> bool {
        match self {
            Self::Search | Self::Notices | Self::Start | Self::StartWithRail => true,
            Self::Home | Self::HomeById | Self::HomeComputed => false,
        }
    }

    /// Sent in turns.
    pub fn variables(self) -> Vec<Value> {
        match self {
            Self::Home | Self::HomeById | Self::HomeComputed => vec![json!({ "region": REGION })],
            Self::Search => {
                let asked = |text: &&str| json!({ "text": text, "region": REGION });
                SEARCHED.iter().map(asked).collect()
            }
            Self::Notices => vec![json!({})],
            Self::Start | Self::StartWithRail => {
                let notice = format!("{NOTICE_PREFIX}@@@@@@@@");
                vec![json!({ "input": {
                    "noticeNos": [notice],
                    "rail": "WECHAT_PAY",
                    "expectedTotal": FEN,
                    "idempotencyKey": "rivals-@@@@@@@@",
                } })]
            }
        }
    }

    /// The requests of one connection, whole, sent in turns.
    pub fn requests(self, to: Kind, by: &Citizen, coding: Option<&str>) -> Vec<String> {
        let mut head = String::from("host: 127.0.0.1\r\n");
        if self.signed_in() {
            head += &format!("authorization: Bearer {}\r\n", by.token);
        }
        if let Some(coding) = coding {
            head += &format!("accept-encoding: {coding}\r\n");
        }
        let each = self.variables().into_iter();
        if self == Self::HomeById {
            return each.map(|variables| by_id(to, self.document(), &variables, &head)).collect();
        }
        let post = |variables: Value| {
            let body = json!({ "query": self.document(), "variables": variables }).to_string();
            format!(
                "POST /graphql HTTP/1.1\r\n{head}content-type: application/json\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        each.map(post).collect()
    }
}

/// GET of a document that the server knows: each has its own way to name it.
fn by_id(to: Kind, document: &str, variables: &Value, head: &str) -> String {
    let id = super::sha256(document);
    let variables = escaped(&variables.to_string());
    let (named, more) = match to {
        Kind::Product | Kind::Yoga => (format!("documentId={id}"), ""),
        // The ceiling reads nothing of it.
        Kind::Ceiling => (format!("documentId={id}"), ""),
        Kind::Mercurius => (format!("query={id}&persisted=true"), ""),
        Kind::Apollo => {
            let extensions =
                json!({ "persistedQuery": { "version": 1, "sha256Hash": id } }).to_string();
            let named = format!("extensions={}", escaped(&extensions));
            (named, "apollo-require-preflight: true\r\n")
        }
    };
    format!("GET /graphql?{named}&variables={variables} HTTP/1.1\r\n{head}{more}\r\n")
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |done, byte| {
        if byte.is_ascii_alphanumeric() {
            done + &char::from(byte).to_string()
        } else {
            done + &format!("%{byte:02X}")
        }
    })
}

/// The words that citizens type: parts of names, other words for them, pinyin, initials.
const SEARCHED: [&str; 8] =
    ["公积金", "违章", "社保", "gongjijin", "yibao", "gjj", "医院", "驾驶证"];

const HOME: &str = "query Home($region: RegionCode) { home(region: $region) { categories { slug name \
                    apps { slug name kind availability { status reason until } } } \
                    hot { slug name } } }";
const HOME_COMPUTED: &str = "query HomeAndMe($region: RegionCode) { home(region: $region) { categories \
                             { slug name apps { slug name kind availability { status reason until \
                             } } } hot { slug name } } viewer { __typename } }";
const SEARCH: &str = "query Search($text: String!, $region: RegionCode) { \
                      searchApps(text: $text, region: $region, first: 10) { matched \
                      app { slug name summary kind availability { status reason until } } } }";
const NOTICES: &str = "query MyNotices { viewer { notices(first: 20) { nodes { noticeNo title agency \
                       items { code name amount { fen } } principal { fen } lateFee { fen } \
                       total { fen } due status } pageInfo { hasNextPage endCursor } } } }";
const START: &str = "mutation StartPayment($input: StartPaymentInput!) { \
                     startPayment(input: $input) { payment { paymentNo status amount { fen } \
                     retryAfterMs notices { noticeNo title status total { fen } } } \
                     cashier { __typename ... on WeChatMiniCashier { timeStamp nonceStr package \
                     signType paySign } } userErrors { code message field } } }";
/// What resolvers of others answer from.
pub const HOME_OF_CHANNELS: &str = "query Shown($region: RegionCode) { home(region: $region) { \
                                    categories { apps { id slug kind \
                                    availability { status reason until } } } } }";
