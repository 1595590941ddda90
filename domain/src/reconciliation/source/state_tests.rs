use super::*;
use std::collections::BTreeSet;

const TABLE: &str = "
state       FallDue SayNothing Arrive   Verify   Parse  SetAside    Accept   Refuse  Supersede
Expected    Late    Nothing    Received -        -      -           -        -       -
Late        Late    Nothing    Received -        -      -           -        -       -
Nothing     -       Nothing    Received -        -      -           -        -       -
Received    -       -          -        Verified -      -           -        Refused -
Verified    -       -          -        -        Parsed -           -        Refused -
Parsed      -       -          -        -        -      Quarantined Accepted -       Superseded
Quarantined -       -          -        -        -      Quarantined Accepted -       Superseded
Accepted    -       -          -        -        -      -           Accepted -       Superseded
Refused     -       -          -        -        -      -           -        Refused -
Superseded  -       -          -        -        -      -           -        -       Superseded";

const EVENTS: [SourceEvent; 9] = [
    SourceEvent::FallDue,
    SourceEvent::SayNothing,
    SourceEvent::Arrive,
    SourceEvent::Verify,
    SourceEvent::Parse,
    SourceEvent::SetAside,
    SourceEvent::Accept,
    SourceEvent::Refuse,
    SourceEvent::Supersede,
];

fn rows() -> Vec<Vec<&'static str>> {
    let lines = TABLE.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn every_state_answers_every_event() {
    let rows = rows();
    for row in &rows[1..] {
        let state = SourceState::ALL.into_iter().find(|s| format!("{s:?}") == row[0]).unwrap();
        for ((event, word), expected) in EVENTS.iter().zip(&rows[0][1..]).zip(&row[1..]) {
            assert_eq!(format!("{event:?}"), *word);
            let got = state.apply(*event).map_or("-".to_owned(), |next| format!("{next:?}"));
            assert_eq!(got, *expected, "{} on {word}", row[0]);
        }
    }
    let told: BTreeSet<_> = rows[1..].iter().map(|row| row[0].to_owned()).collect();
    let all: BTreeSet<_> = SourceState::ALL.iter().map(|state| format!("{state:?}")).collect();
    assert_eq!(told, all, "no state hides");
}

#[test]
fn states_and_their_words_are_one_to_one() {
    for state in SourceState::ALL {
        assert_eq!(SourceState::from_code(state.code()), Some(state));
    }
    let words: BTreeSet<_> = SourceState::ALL.iter().map(|state| state.chinese()).collect();
    assert_eq!(words.len(), SourceState::ALL.len());
    assert_eq!(SourceState::from_code("LOST"), None);
}
