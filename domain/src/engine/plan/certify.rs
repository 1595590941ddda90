//! What answers ask to be certified.

use super::super::{AnswerFault, AnswerFaultCode, ExchangeCall};
use super::fault;
use crate::casework::certificate::PostAddress;
use crate::catalogue::{AppDefinition, CertificateTerms, PostTerms, SpanLimit};
use crate::standards::{Mobile, RegionCode};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A department is asked to certify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certification {
    /// What is asked, without the number of the submission.
    pub call: ExchangeCall,
    /// Where the paper goes; `None`: it is a file only.
    pub post: Option<PostAddress>,
    /// How it is put on paper.
    pub terms: CertificateTerms,
}

/// The carrier needs a street and a door, and prints no novel.
const DETAIL: std::ops::RangeInclusive<usize> = 4..=120;

/// What is wrong with answers that are right each by itself.
pub(super) fn faults(
    app: &AppDefinition,
    terms: &CertificateTerms,
    accepted: &BTreeMap<&str, String>,
    today: Date,
) -> Vec<AnswerFault> {
    let mut faults = Vec::new();
    if let Some(span) = &terms.span {
        faults.extend(span_fault(app, span, accepted, today));
    }
    if let Some(post) = terms.post.as_ref().filter(|post| is_chosen(post, accepted)) {
        for name in [&post.region, &post.address, &post.phone] {
            if !accepted.contains_key(name.as_str()) && app.field(name).is_some_and(|f| !f.required)
            {
                let message = format!("选择邮寄时，请填写“{}”", label(app, name));
                faults.push(fault(name, AnswerFaultCode::Required, message));
            }
        }
        let detail = accepted.get(post.address.as_str()).map(|text| text.chars().count());
        if detail.is_some_and(|length| !DETAIL.contains(&length)) {
            let message = format!("“{}”请填写4至120个字的详细地址", label(app, &post.address));
            faults.push(fault(&post.address, AnswerFaultCode::Invalid, message));
        }
    }
    faults
}

/// Where the paper goes, if the answers say by post.
pub(super) fn post_address(
    terms: &CertificateTerms,
    accepted: &BTreeMap<&str, String>,
) -> Option<PostAddress> {
    let post = terms.post.as_ref().filter(|post| is_chosen(post, accepted))?;
    Some(PostAddress {
        region: RegionCode::new(accepted.get(post.region.as_str())?).ok()?,
        detail: accepted.get(post.address.as_str())?.clone(),
        phone: Mobile::new(accepted.get(post.phone.as_str())?).ok()?,
    })
}

fn is_chosen(post: &PostTerms, accepted: &BTreeMap<&str, String>) -> bool {
    accepted.get(post.field.as_str()) == Some(&post.choice)
}

fn label<'a>(app: &'a AppDefinition, name: &'a str) -> &'a str {
    app.field(name).map_or(name, |field| field.label.zh.as_str())
}

/// The first one that is broken; an answer that is missing or not right has its fault already.
fn span_fault(
    app: &AppDefinition,
    span: &SpanLimit,
    accepted: &BTreeMap<&str, String>,
    today: Date,
) -> Option<AnswerFault> {
    let (from, to) = (accepted.get(span.from.as_str())?, accepted.get(span.to.as_str())?);
    let (first, last) = (first_day(from)?, first_day(to)?);
    let (from, to) = (label(app, &span.from), label(app, &span.to));
    let message = if last > today {
        format!("“{to}”不能晚于今天，请核对后重填")
    } else if first > last {
        format!("“{to}”不能早于“{from}”，请核对后重填")
    } else if months(first, last) > i32::from(span.most_months) {
        format!("“{from}”至“{to}”最长{}个月，请缩短", span.most_months)
    } else {
        return None;
    };
    Some(fault(&span.to, AnswerFaultCode::Invalid, message))
}

/// Of a day itself, or of the first day of a month.
fn first_day(text: &str) -> Option<Date> {
    text.parse().or_else(|_| format!("{text}-01").parse()).ok()
}

/// Months of the calendar that are touched.
fn months(first: Date, last: Date) -> i32 {
    let number = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
    number(last) - number(first) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::samples::{certifying, checked};
    use jiff::civil::date;

    fn told(from: &str, to: &str) -> String {
        let app = checked(certifying());
        let accepted = BTreeMap::from([("from", from.to_owned()), ("to", to.to_owned())]);
        let terms = match &app.action {
            Some(crate::catalogue::Action::Certify(terms)) => terms,
            other => panic!("{other:?}"),
        };
        let found = faults(&app, terms, &accepted, date(2026, 3, 2));
        found.into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn a_certificate_covers_so_many_months_of_the_past() {
        assert_eq!(told("2022-04", "2026-03"), "", "48 months, this one included");
        assert_eq!(told("2026-03", "2026-03"), "");
        assert!(told("2022-03", "2026-03").contains("最长48个月"));
        assert!(told("2026-03", "2026-02").contains("不能早于"));
        assert!(told("2026-03", "2026-04").contains("不能晚于今天"));
    }

    #[test]
    fn by_post_the_whole_address_is_needed() {
        let app = checked(certifying());
        let Some(crate::catalogue::Action::Certify(terms)) = &app.action else { panic!() };
        let choose = |choice: &str| BTreeMap::from([("delivery", choice.to_owned())]);
        let today = date(2026, 3, 2);
        assert_eq!(faults(&app, terms, &choose("电子文件"), today), []);
        let mut by_post = choose("邮政速递");
        let fields = |faults: Vec<AnswerFault>| {
            faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(faults(&app, terms, &by_post, today)), ["county", "address", "phone"]);
        assert_eq!(post_address(terms, &by_post), None);
        by_post.insert("county", "330106".to_owned());
        by_post.insert("phone", "13800138000".to_owned());
        by_post.insert("address", "1号".to_owned());
        assert_eq!(fields(faults(&app, terms, &by_post, today)), ["address"]);
        by_post.insert("address", "样例路1号".to_owned());
        assert_eq!(faults(&app, terms, &by_post, today), []);
        assert_eq!(post_address(terms, &by_post).unwrap().detail, "样例路1号");
        by_post.insert("delivery", "电子文件".to_owned());
        assert_eq!(post_address(terms, &by_post), None);
    }
}
