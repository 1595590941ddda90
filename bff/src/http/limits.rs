//! What is refused for being too much, told to client developers: the numbers are those that the
//! code compares with.

use super::MAX_BODY;
use super::arrival::DEADLINE;
use super::front::socket;
use super::front::trusted::DOCUMENTS_AN_HOUR;
use super::guard;
use crate::graphql::{notice, search};
use crate::settings::Settings;
use domain::catalogue::TEXT_MAX;
use std::time::Duration;

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Of what.
    pub what: &'static str,
    /// So much at most, with its unit.
    pub most: String,
    /// What happens above it.
    pub then: &'static str,
}

const BAD_INPUT: &str = "`BAD_INPUT`";
const RATE_LIMITED: &str = "`RATE_LIMITED` 与 `Retry-After`";

/// All of them, as this server is set.
pub fn limits(settings: &Settings) -> Vec<Limit> {
    let mut all = documents();
    all.extend(connections());
    all.extend(purses(settings));
    all.extend(lists_and_files(settings));
    all
}

fn limit(what: &'static str, most: impl Into<String>, then: &'static str) -> Limit {
    Limit { what, most: most.into(), then }
}

fn seconds(of: Duration) -> String {
    format!("{} 秒", of.as_secs())
}

fn kilobytes(bytes: usize) -> String {
    format!("{} KB", bytes / 1024)
}

fn documents() -> Vec<Limit> {
    let count = |what, most: u64, unit: &str| limit(what, format!("{most} {unit}"), BAD_INPUT);
    vec![
        limit("请求正文", kilobytes(MAX_BODY), "HTTP 413"),
        count("文档里的记号", guard::MAX_TOKENS as u64, "个"),
        count("括号嵌套", guard::MAX_NESTING as u64, "层"),
        count("字段嵌套", guard::MAX_DEPTH, "层"),
        count("根字段", guard::MAX_ROOT_FIELDS, "个"),
        count("别名", guard::MAX_ALIASES, "个"),
        count("片段", guard::MAX_FRAGMENTS as u64, "个"),
        count("指令", guard::MAX_DIRECTIVES, "个"),
        count("展开后的选择", guard::MAX_SELECTIONS, "个"),
        count("一次操作的点数", guard::MAX_COST, "点"),
        limit("一次执行", seconds(DEADLINE), "`TIMEOUT`；写操作用同一个键再发"),
    ]
}

fn connections() -> Vec<Limit> {
    vec![
        limit("WebSocket 首条消息", seconds(socket::INIT_WITHIN), "关闭，代码 4408"),
        limit(
            "一条 WebSocket 上同时的操作",
            format!("{} 个", socket::OPERATIONS_MAX),
            "`OVERLOADED`",
        ),
        limit("WebSocket 静默", seconds(socket::SILENT_FOR), "关闭；服务器常发 ping，答 pong 即可"),
        limit(
            "每个地址每小时新登记的文档（自动持久化查询）",
            format!("{} 个", DOCUMENTS_AN_HOUR),
            "照常执行，但不记住",
        ),
    ]
}

fn purses(settings: &Settings) -> Vec<Limit> {
    let all = settings.limits;
    let rows = [
        ("一个人", all.person),
        ("一个会话", all.session),
        ("一个人与缴款有关的操作", all.money),
        ("没有登录的一个地址", all.address),
    ];
    let a_minute = |points: u64| format!("{points} 点/分钟");
    rows.into_iter()
        .map(|(what, size)| limit(what, a_minute(size.points()), RATE_LIMITED))
        .collect()
}

fn lists_and_files(settings: &Settings) -> Vec<Limit> {
    let megabytes = |bytes: u64| format!("{} MB", bytes / (1024 * 1024));
    vec![
        limit("列表的 `first`", format!("{} 个", notice::FIRST_MAX), BAD_INPUT),
        limit("搜索的 `first`", format!("{} 个", search::FIRST_MAX), BAD_INPUT),
        limit("搜索文字", format!("{} 个字", TEXT_MAX), BAD_INPUT),
        limit("上传的一个文件", megabytes(settings.files.most_bytes), "HTTP 413"),
        limit("一个人一天上传", megabytes(settings.files.quota.bytes), "HTTP 429"),
    ]
}
