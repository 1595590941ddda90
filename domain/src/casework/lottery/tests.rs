use super::*;
use crate::catalogue::AppSlug;
use crate::fakes::ToyHash;
use std::collections::BTreeSet;

fn code(number: u64) -> ApplicationCode {
    ApplicationCode::new(&format!("{number:013}")).unwrap()
}

fn eligible(pool: &str, number: u64, weight: u32) -> Eligible {
    Eligible { pool: pool.to_owned(), code: code(number), weight }
}

fn pools(quotas: &[(&str, u32)]) -> Vec<LotteryPool> {
    let pool =
        |(name, quota): &(&str, u32)| LotteryPool { name: (*name).to_owned(), quota: *quota };
    quotas.iter().map(pool).collect()
}

fn app() -> AppSlug {
    AppSlug::new("cars").unwrap()
}

#[test]
fn the_list_reads_the_same_in_whatever_order_it_was_made() {
    let mut list = vec![eligible("乙", 2, 1), eligible("甲", 3, 2), eligible("乙", 1, 1)];
    let text = list_text(list.clone());
    assert_eq!(text, "乙,0000000000001,1\n乙,0000000000002,1\n甲,0000000000003,2\n");
    list.reverse();
    assert_eq!(list_text(list), text);
}

#[test]
fn the_commitment_binds_secret_list_quotas_app_and_issue() {
    let (hash, issue) = (&ToyHash, Issue::new("202603").unwrap());
    let (secret, list) = (LotterySecret::new([7; 32]), Digest([1; 32]));
    let quotas = pools(&[("甲", 2)]);
    let of = |app: &AppSlug, issue, secret, list, quotas: &[LotteryPool]| {
        commitment(hash, (app, issue), (secret, list), quotas)
    };
    let bound = of(&app(), issue, &secret, list, &quotas);
    assert_eq!(bound, of(&app(), issue, &secret, list, &quotas));
    let others = [
        of(&AppSlug::new("flats").unwrap(), issue, &secret, list, &quotas),
        of(&app(), Issue::new("202604").unwrap(), &secret, list, &quotas),
        of(&app(), issue, &LotterySecret::new([8; 32]), list, &quotas),
        of(&app(), issue, &secret, Digest([2; 32]), &quotas),
        of(&app(), issue, &secret, list, &pools(&[("甲", 3)])),
    ];
    assert!(!others.contains(&bound));
}

#[test]
fn as_many_win_as_the_quota_has_each_once_and_within_their_pool() {
    let list: Vec<_> = (0..50)
        .map(|number| eligible(if number % 2 == 0 { "甲" } else { "乙" }, number, 3))
        .collect();
    let won = winners(&ToyHash, Digest([3; 32]), &list, &pools(&[("甲", 4), ("乙", 99)]));
    let of = |pool: &str| won.iter().filter(|won| won.pool == pool).count();
    assert_eq!((of("甲"), of("乙")), (4, 25), "a quota above the list lets all of it win");
    let codes: BTreeSet<_> = won.iter().map(|won| &won.code).collect();
    assert_eq!(codes.len(), won.len());
    let mut turned = list.clone();
    turned.reverse();
    let again = winners(&ToyHash, Digest([3; 32]), &turned, &pools(&[("甲", 4), ("乙", 99)]));
    assert_eq!(won, again, "the order of the list does not matter");
    let other = winners(&ToyHash, Digest([4; 32]), &list, &pools(&[("甲", 4), ("乙", 99)]));
    assert_ne!(won, other);
}

#[test]
fn more_lots_win_more_often() {
    let list: Vec<_> =
        (0..200).map(|number| eligible("甲", number, if number < 100 { 4 } else { 1 })).collect();
    let mut heavy = 0;
    for byte in 0..40 {
        let won = winners(&ToyHash, Digest([byte; 32]), &list, &pools(&[("甲", 20)]));
        heavy += won.iter().filter(|won| won.code < code(100)).count();
    }
    assert!(heavy > 560, "four lots of five are theirs, {heavy} of 800 were won");
}

#[test]
fn digests_are_read_as_they_are_written_and_in_no_other_way() {
    let digest = Digest([0xAB; 32]);
    let text = digest.to_string();
    assert_eq!(Digest::read(&text), Some(digest));
    for bad in ["", &text[1..], &text.to_uppercase(), &text.replace('a', "é"), &"+1".repeat(32)] {
        assert_eq!(Digest::read(bad), None, "{bad}");
    }
}

#[test]
fn issues_are_months_and_moments_are_of_beijing() {
    let issue = Issue::new("202603").unwrap();
    let moment = MonthlyMoment::new(26, 10, 0).unwrap();
    assert_eq!(moment.of(issue).to_string(), "2026-03-26T02:00:00Z");
    assert_eq!(Issue::at("2026-02-28T16:00:00Z".parse().unwrap()), issue);
    for bad in ["", "20260", "2026031", "202600", "202613", "199912", "2026-3", "+20263"] {
        assert_eq!(Issue::new(bad), Err(IssueInvalid), "{bad}");
    }
    assert!(MonthlyMoment::new(29, 0, 0).is_none() && MonthlyMoment::new(1, 24, 0).is_none());
}

#[test]
fn a_secret_does_not_print() {
    assert_eq!(format!("{:?}", LotterySecret::new([65; 32])), "LotterySecret(***)");
}
