//! Reports of the console: the summary as a page that prints well, and every report as a file.

use super::desk::{failed, told, whole};
use super::page::{layout, respond};
use crate::parts::Parts;
use crate::report::{Format, Report, ReportError, write_download};
use crate::staff_door::{SignedIn, open_desk};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::clock::{beijing_day, beijing_time};
use domain::identity::AuditRecord;
use domain::reconciliation::report::{By, Span, SpanError, Summary};
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

type Query = web::Query<Vec<(String, String)>>;

/// The days that were asked for; without any, yesterday.
fn span_of(query: &Query, today: Date) -> Result<Span, &'static str> {
    let yesterday = today.yesterday().unwrap_or(today);
    let day = |name: &str| match query.iter().find(|(key, _)| key == name) {
        Some((_, text)) if !text.trim().is_empty() => text.trim().parse::<Date>().map(Some),
        Some(_) | None => Ok(None),
    };
    let (Ok(first), Ok(last)) = (day("first"), day("last")) else {
        return Err("日期应如2026-09-30。");
    };
    let first = first.or(last).unwrap_or(yesterday);
    Span::new(first, last.unwrap_or(first)).map_err(|error| match error {
        SpanError::Backwards => "结束日早于开始日。",
        SpanError::TooLong => "一次最多366天，请分几次查看。",
    })
}

fn wrong(why: &str) -> HttpResponse {
    told(StatusCode::BAD_REQUEST, why)
}

/// The summary.
pub async fn show(request: HttpRequest, query: Query, parts: web::Data<Parts>) -> HttpResponse {
    whole(
        async {
            let who = open_desk(&request, &parts).await?;
            let now = parts.clock.now();
            let span = span_of(&query, beijing_day(now)).map_err(wrong)?;
            let summary = parts.reports.sum_up.run(span).await.map_err(|error| failed(&error))?;
            Ok(respond(StatusCode::OK, &page(&who, &summary, now)))
        }
        .await,
    )
}

/// A report as a file.
pub async fn file(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: Query,
    parts: web::Data<Parts>,
) -> HttpResponse {
    whole(
        async {
            let who = open_desk(&request, &parts).await?;
            let (word, ending) = path.into_inner();
            let known = Report::from_word(&word).zip(Format::from_ending(&ending));
            let (report, format) =
                known.ok_or_else(|| told(StatusCode::NOT_FOUND, "没有这种报表。"))?;
            let now = parts.clock.now();
            let span = span_of(&query, beijing_day(now)).map_err(wrong)?;
            let detail = format!("{ending} {}至{}", span.first(), span.last());
            let audit = AuditRecord::new(now, &who.account.name, "REPORT_EXPORT", &word, &detail);
            parts.desk.audit.append(&audit).await.map_err(|error| failed(&error))?;
            let made = write_download(&parts.reports, (report, span), format).await;
            let body = made.map_err(|error| match error {
                ReportError::Store(error) => failed(&error),
                ReportError::Write(error) => {
                    tracing::error!(%error, "a report was not written");
                    told(StatusCode::INTERNAL_SERVER_ERROR, "报表没有写成，请稍后再试或通知运维。")
                }
            })?;
            let name = format!("{word}-{}-{}.{ending}", span.first(), span.last());
            Ok(HttpResponse::Ok()
                .content_type(format.words().1)
                .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
                .insert_header((CACHE_CONTROL, "no-store"))
                .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .body(body))
        }
        .await,
    )
}

fn page(who: &SignedIn, summary: &Summary, now: Timestamp) -> Markup {
    let (first, last) = (summary.span.first(), summary.span.last());
    let title = if first == last {
        format!("{first}收缴汇总")
    } else {
        format!("{first}至{last}收缴汇总")
    };
    let query = format!("first={first}&last={last}");
    let today = beijing_day(now);
    let yesterday = today.yesterday().unwrap_or(today);
    let month = Span::month_of(yesterday);
    let before = month.first().yesterday().map_or(month, Span::month_of);
    let quick = [("昨日", Span::day(yesterday)), ("本月", month), ("上月", before)];
    let body = html! {
        p.noprint { a href="/staff/" { "← 返回日历" } }
        h1 { (title) }
        form.line.noprint method="get" action="/staff/reports" {
            label for="first" { "从" } " " input id="first" name="first" type="date" value=(first);
            " " label for="last" { "到" } " " input id="last" name="last" type="date" value=(last);
            " " button type="submit" accesskey="r" { "查看（R）" }
            " " @for (name, span) in quick { a href=(format!("/staff/reports?first={}&last={}", span.first(), span.last())) { (name) } " " }
        }
        nav.noprint aria-label="导出" {
            @for report in Report::ALL { @let (word, name) = report.words();
                (name) "："
                a href=(format!("/staff/reports/{word}.csv?{query}")) { "CSV" } " "
                a href=(format!("/staff/reports/{word}.xlsx?{query}")) { "XLSX" } "　"
            }
        }
        p { "按记账日（北京时间）统计。渠道收款" (summary.taken) "元，账面" (summary.booked) "元："
            @if summary.adds_up() { span.ok { "相符" } } @else { span.bad { "不符，请通知运维" } }
            "。其中金额不符待查" (summary.held) "元，整笔应退" (summary.owed_back) "元。" }
        @if summary.rows.is_empty() { p { "这些日子没有入账。" } }
        @for by in By::ALL { (section(summary, by)) }
        p.note { "打印时间 " (beijing_time(now).strftime("%Y-%m-%d %H:%M")) "，制表 " (who.account.name) }
    };
    layout(&title, Some(who), &body)
}

fn section(summary: &Summary, by: By) -> Markup {
    let rows: Vec<_> = summary.by(by).collect();
    let (key, detail) = match by {
        By::Rail => ("渠道", "名称"),
        By::Region => ("地区", ""),
        By::Agency => ("执收单位", "名称"),
        By::Item => ("执收项目", "执收单位"),
        By::Destination => ("资金去向", "级次"),
    };
    html! {
        @if !rows.is_empty() {
            h2 { (by.words().1) }
            table {
                thead { tr {
                    th scope="col" { (key) } @if !detail.is_empty() { th scope="col" { (detail) } }
                    th.n scope="col" { "缴款笔数" } th.n scope="col" { "缴款（元）" }
                    th.n scope="col" { "退款笔数" } th.n scope="col" { "退款（元）" }
                    @if by == By::Rail { th.n scope="col" { "手续费（元）" } }
                    th.n scope="col" { "净额（元）" }
                } }
                tbody { @for row in rows { tr {
                    td { (named(by, &row.key)) }
                    @if !detail.is_empty() { td { (level(by, &row.detail)) } }
                    td.n { (row.paid_count) } td.n { (row.paid) }
                    td.n { (row.returned_count) } td.n { (row.returned) }
                    @if by == By::Rail { td.n { (row.fees) } }
                    td.n { (row.net()) }
                } } }
            }
        }
    }
}

/// A key as staff read it.
fn named(by: By, key: &str) -> &str {
    match (by, key) {
        (By::Destination, "treasury") => "国库",
        (By::Destination, "fiscal_account") => "财政专户",
        (By::Destination, "social_insurance_fund") => "社保基金财政专户",
        (By::Destination, "agency_account") => "单位账户（代收）",
        (By::Region, "") => "（未记录）",
        _ => key,
    }
}

fn level(by: By, detail: &str) -> &str {
    match (by, detail) {
        (By::Destination, "LOCAL") => "市县",
        (By::Destination, "PROVINCE") => "省",
        (By::Destination, "CENTRAL") => "中央",
        _ => detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<(String, String), &'static str> {
        let query = Query::from_query(text).unwrap();
        let today = jiff::civil::date(2026, 10, 1);
        let span = span_of(&query, today)?;
        Ok((span.first().to_string(), span.last().to_string()))
    }

    #[test]
    fn days_are_yesterday_unless_others_are_asked_for() {
        let both = |first: &str, last: &str| Ok((first.to_owned(), last.to_owned()));
        assert_eq!(asked(""), both("2026-09-30", "2026-09-30"));
        assert_eq!(asked("first=&last="), both("2026-09-30", "2026-09-30"));
        assert_eq!(asked("first=2026-09-01"), both("2026-09-01", "2026-09-01"));
        assert_eq!(asked("last=2026-09-02"), both("2026-09-02", "2026-09-02"));
        assert_eq!(asked("first=2026-09-01&last=2026-09-30"), both("2026-09-01", "2026-09-30"));
        for wrong in [
            "first=x",
            "first=2026-13-01",
            "first=2026-09-02&last=2026-09-01",
            "first=2020-01-01&last=2026-01-01",
        ] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }
}
