//! Finds the notices that rows lead to. A gateway that is silent costs the links, not the rows.

use super::super::{ExchangeRow, ExchangeValue, NoticeLink};
use crate::notice::{NoticeBook, NoticeNo};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// So many notices are asked for at the same time.
const AT_ONCE: usize = 10;

/// One link for each row, in their order; `key` is where a row has the number of its notice.
pub(super) async fn links_of(
    book: &dyn NoticeBook,
    key: Option<&str>,
    rows: &[ExchangeRow],
) -> Vec<NoticeLink> {
    let Some(key) = key else {
        return vec![NoticeLink::None; rows.len()];
    };
    let texts: Vec<&str> = rows.iter().map(|row| text_of(row.get(key))).collect();
    let mut numbers: Vec<NoticeNo> =
        texts.iter().filter_map(|text| NoticeNo::new(text).ok()).collect();
    numbers.sort();
    numbers.dedup();
    let found = find_all(book, &numbers).await;
    let link = |text: &str| match found.get(text) {
        Some(link) => link.clone(),
        None if text.is_empty() => NoticeLink::None,
        // A number that is none, or one that the silent gateway was not asked for.
        None => NoticeLink::Unavailable,
    };
    texts.into_iter().map(link).collect()
}

/// Does the row name a notice?
pub(super) fn names_one(row: &ExchangeRow, key: &str) -> bool {
    !text_of(row.get(key)).is_empty()
}

fn text_of(value: Option<&ExchangeValue>) -> &str {
    match value {
        Some(ExchangeValue::Text(text)) => text.trim(),
        Some(ExchangeValue::Number(_) | ExchangeValue::Flag(_) | ExchangeValue::Null) | None => "",
    }
}

/// Asks a few at a time, and stops once the gateway is silent: the citizen is waiting.
async fn find_all<'a>(
    book: &dyn NoticeBook,
    numbers: &'a [NoticeNo],
) -> BTreeMap<&'a str, NoticeLink> {
    let mut found = BTreeMap::new();
    for few in numbers.chunks(AT_ONCE) {
        let links = join(few.iter().map(|no| find(book, no))).await;
        let silent = links.contains(&NoticeLink::Unavailable);
        found.extend(few.iter().map(NoticeNo::as_str).zip(links));
        if silent {
            break;
        }
    }
    found
}

async fn find(book: &dyn NoticeBook, no: &NoticeNo) -> NoticeLink {
    match book.find(no).await {
        Ok(Some(notice)) => NoticeLink::Found(Box::new(notice)),
        Ok(None) => NoticeLink::None,
        // The gateway's adapter has logged why; the citizen is told that it was silent.
        Err(_) => NoticeLink::Unavailable,
    }
}

/// Waits for all, in their order.
async fn join<F: Future<Output = NoticeLink>>(futures: impl Iterator<Item = F>) -> Vec<NoticeLink> {
    let mut waiting: Vec<(Pin<Box<F>>, Option<NoticeLink>)> =
        futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut all_done = true;
        for (future, done) in waiting.iter_mut().filter(|(_, done)| done.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(link) => *done = Some(link),
                Poll::Pending => all_done = false,
            }
        }
        if all_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}
