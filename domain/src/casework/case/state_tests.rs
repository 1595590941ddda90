use super::{CaseEvent, CaseState};
use CaseEvent as E;
use CaseState as S;

const EVENTS: [(&str, CaseEvent); 9] = [
    ("Accept", E::Accept),
    ("Review", E::Review),
    ("AskMaterials", E::AskMaterials),
    ("Supplement", E::Supplement),
    ("Approve", E::Approve),
    ("Reject", E::Reject),
    ("AskBack", E::AskBack),
    ("Withdraw", E::Withdraw),
    ("Finish", E::Finish),
];

/// An exhaustive match, so that a new event cannot hide from the table.
fn number(event: CaseEvent) -> usize {
    match event {
        E::Accept => 0,
        E::Review => 1,
        E::AskMaterials => 2,
        E::Supplement => 3,
        E::Approve => 4,
        E::Reject => 5,
        E::AskBack => 6,
        E::Withdraw => 7,
        E::Finish => 8,
    }
}

#[test]
fn every_state_answers_every_event() {
    let table = "state          Accept   Review   AskMaterials   Supplement Approve  Reject   AskBack     Withdraw  Finish
                 Submitted      Accepted InReview NeedsMaterials -          Approved Rejected Withdrawing -         Done
                 Accepted       Accepted InReview NeedsMaterials -          Approved Rejected Withdrawing Withdrawn Done
                 InReview       -        InReview NeedsMaterials -          Approved Rejected Withdrawing Withdrawn Done
                 NeedsMaterials -        InReview NeedsMaterials InReview   Approved Rejected Withdrawing Withdrawn Done
                 Approved       -        -        -              -          Approved -        -           -         Done
                 Rejected       -        -        -              -          -        Rejected -           -         -
                 Withdrawing    Accepted InReview NeedsMaterials -          Approved Rejected Withdrawing Withdrawn Done
                 Withdrawn      -        -        -              -          -        -        -           Withdrawn -
                 Done           -        -        -              -          -        -        -           -         Done";
    let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let head = rows.next().unwrap();
    for (at, (name, event)) in EVENTS.into_iter().enumerate() {
        assert_eq!((head[at + 1], number(event)), (name, at));
    }
    for (state, row) in CaseState::ALL.into_iter().zip(rows.by_ref()) {
        assert_eq!(format!("{state:?}"), row[0]);
        for ((name, event), expected) in EVENTS.into_iter().zip(&row[1..]) {
            let got = state.after(event).map_or("-".to_owned(), |next| format!("{next:?}"));
            assert_eq!(got, *expected, "{state:?} on {name}");
        }
    }
    assert!(rows.next().is_none());
}

#[test]
fn what_is_over_stays_and_what_is_decided_is_not_taken_back() {
    for state in CaseState::ALL {
        assert_eq!(CaseState::from_code(state.code()), Some(state));
        let leaves =
            EVENTS.iter().any(|(_, event)| state.after(*event).is_ok_and(|to| to != state));
        assert_eq!(state.is_over(), !leaves, "{state:?}");
        assert!(!(state.is_decided() && state.can_be_asked_back()), "{state:?}");
    }
    assert!(S::Submitted.can_be_asked_back() && !S::Withdrawing.can_be_asked_back());
    assert_eq!(CaseState::from_code("SENT"), None);
}
