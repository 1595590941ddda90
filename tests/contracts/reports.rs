//! Sums and lists of reports on both databases.

use crate::bench::{change, paid, payment, payment_of};
use crate::databases::{both, run as sql};
use crate::refund_samples::{requested, stored};
use adapters::store::Store;
use domain::clock::beijing_day;
use domain::fakes::samples::{self, at};
use domain::money::Fen;
use domain::payment::{PaymentEvent, PaymentStore, RefundStatus};
use domain::reconciliation::report::{By, ReportBook, Span, SumUp, Summary};
use jiff::ToSpan as _;
use std::sync::Arc;

async fn summed_up(store: &Store, span: Span) -> Summary {
    SumUp { book: Arc::new(store.clone()) }.run(span).await.unwrap()
}

#[tokio::test]
async fn the_summary_adds_up_and_knows_each_rail_region_agency_item_and_share() {
    for opened in both().await {
        let store = &opened.store;
        let one = paid(store, &payment(1, 1)).await;
        paid(store, &payment_of(2, &[2, 3])).await;
        // Another amount came: it is held.
        let odd = payment(4, 4);
        crate::bench::insert(store, &odd).await;
        let stored_now = PaymentStore::find(store, &odd.no).await.unwrap().unwrap();
        let held = PaymentEvent::ConfirmOther(samples::money("T-odd", 777));
        PaymentStore::save(store, &change(&stored_now, held)).await.unwrap();

        let day = beijing_day(samples::money("T", 1).at);
        let summary = summed_up(store, Span::day(day)).await;
        assert!(summary.adds_up(), "{summary:?}");
        assert_eq!(summary.taken, Fen::new(3 * 20_600 + 777));
        assert_eq!((summary.held, summary.owed_back), (Fen::new(777), Fen::ZERO));
        let rails: Vec<_> = summary.by(By::Rail).collect();
        assert_eq!((rails.len(), rails[0].paid_count, rails[0].paid), (1, 3, Fen::new(62_577)));
        for by in [By::Region, By::Agency] {
            let rows: Vec<_> = summary.by(by).collect();
            assert_eq!((rows.len(), rows[0].paid_count), (1, 3), "{by:?}");
            assert_eq!(rows[0].paid, Fen::new(61_800));
        }
        let region = one.notices[0].region.as_ref().unwrap().to_string();
        assert_eq!(summary.by(By::Region).next().unwrap().key, region);
        for by in [By::Item, By::Destination] {
            let paid: i64 = summary.by(by).map(|row| row.paid.value()).sum();
            assert_eq!(paid, 61_800, "{by:?}: every fen has an item and a destination");
        }
        // No other day, and the edges of a span are within it.
        let other = Span::day(day.tomorrow().unwrap());
        assert_eq!(summed_up(store, other).await.rows, []);
        let wide = Span::new(day.checked_sub(3.days()).unwrap(), day).unwrap();
        assert_eq!(summed_up(store, wide).await.taken, summary.taken);
        // A payment from before regions were kept.
        sql(&opened, "UPDATE payment_notice SET region = '' WHERE notice_no LIKE '%FS1'")
            .await
            .unwrap();
        let regions: Vec<_> = summed_up(store, Span::day(day))
            .await
            .by(By::Region)
            .map(|row| row.paid_count)
            .collect();
        assert_eq!(regions, [1, 2]);
        assert_eq!(
            PaymentStore::find(store, &one.no).await.unwrap().unwrap().notices[0].region,
            None
        );
        // What the books do not say is told.
        sql(&opened, "UPDATE journal_entry SET amount = amount + 1 WHERE account LIKE 'suspense%'")
            .await
            .unwrap();
        assert!(!summed_up(store, Span::day(day)).await.adds_up());
    }
}

#[tokio::test]
async fn lists_are_read_page_by_page_whatever_is_made_at_the_same_moment() {
    for opened in both().await {
        let store = &opened.store;
        let mut made = Vec::new();
        for number in 1..=7 {
            let payment = paid(store, &payment(number, number)).await;
            let refund = requested(number, &payment, 100);
            stored(store, &payment, 0, &refund).await;
            made.push(refund.no.to_string());
        }
        // A refund of before: not within the span.
        let early = "UPDATE refund SET created_at = created_at - 86400000000 WHERE no LIKE '%7'";
        assert_eq!(sql(&opened, early).await, Ok(1));
        let span = Span::day(beijing_day(at(0)));
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = store.refunds(span, after.as_ref(), 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.edge());
            assert!(page.iter().all(|line| line.status == RefundStatus::Requested));
            read.extend(page.into_iter().map(|line| line.no));
        }
        assert_eq!(read, made[..6]);
        // All of them are paid, and not written off yet; one is.
        let written_off =
            "UPDATE payment_notice SET written_off_at = 1 WHERE notice_no LIKE '%FS3'";
        assert_eq!(sql(&opened, written_off).await, Ok(1));
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = store.unsettled(span, after.as_ref(), 4).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.edge());
            assert!(page.iter().all(|line| line.not_written_off == 1 && line.paid.is_some()));
            read.extend(page.into_iter().map(|line| line.no));
        }
        let expected = [1, 2, 4, 5, 6, 7].map(|number| format!("YW{number:06}"));
        assert_eq!(read, expected);
        let far = Span::day(jiff::civil::date(2020, 1, 1));
        assert!(store.unsettled(far, None, 9).await.unwrap().is_empty());
    }
}
