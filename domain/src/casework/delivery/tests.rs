use super::*;
use crate::fakes::samples::at;
use crate::ids::{CaseNo, DeliveryNo, IdempotencyKey, PersonId};
use crate::standards::{Mobile, RegionCode};

const TRACKS: [(&str, TrackKind); 9] = [
    ("Collected", TrackKind::Collected),
    ("Departed", TrackKind::Departed),
    ("Arrived", TrackKind::Arrived),
    ("OutForDelivery", TrackKind::OutForDelivery),
    ("NotDelivered", TrackKind::NotDelivered),
    ("TurnedBack", TrackKind::TurnedBack),
    ("Delivered", TrackKind::Delivered),
    ("Returned", TrackKind::Returned),
    ("Lost", TrackKind::Lost),
];

#[test]
fn every_state_answers_every_track() {
    let table = "state     Collected Departed  Arrived   OutForDelivery NotDelivered TurnedBack Delivered Returned Lost
                 Ordered   Collected InTransit InTransit InTransit      InTransit    InTransit  Delivered Returned Lost
                 Collected Collected InTransit InTransit InTransit      InTransit    InTransit  Delivered Returned Lost
                 InTransit -         InTransit InTransit InTransit      InTransit    InTransit  Delivered Returned Lost
                 Delivered -         -         -         -              -            -          Delivered -        -
                 Returned  -         -         -         -              -            -          -         Returned -
                 Lost      -         -         -         -              -            -          -         -        Lost
                 Refused   -         -         -         -              -            -          -         -        -";
    let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let kinds: Vec<_> = TRACKS.iter().map(|(_, kind)| *kind).collect();
    assert_eq!(kinds, TrackKind::ALL);
    for (state, row) in DeliveryState::ALL.into_iter().zip(rows.by_ref()) {
        assert_eq!(format!("{state:?}"), row[0]);
        assert_eq!(DeliveryState::from_code(state.code()), Some(state));
        for (column, (name, kind)) in TRACKS.into_iter().enumerate() {
            assert_eq!(head[column + 1], name);
            assert_eq!(TrackKind::from_code(kind.code()), Some(kind));
            let got = state.after(kind).map_or("-".to_owned(), |next| format!("{next:?}"));
            assert_eq!(got, row[column + 1], "{state:?} on {name}");
        }
    }
    assert!(rows.next().is_none());
}

pub(super) fn delivery() -> Delivery {
    Delivery {
        no: DeliveryNo::new("YD000001").unwrap(),
        person: PersonId::new("P1").unwrap(),
        key: IdempotencyKey::new("key-00000001").unwrap(),
        subject: DeliverySubject::Case(CaseNo::new("YJ000001").unwrap()),
        sender: "杭州市国土资源局".to_owned(),
        content: "不动产权证书".to_owned(),
        recipient: Recipient {
            name: "王小明".to_owned(),
            phone: Mobile::new("13800138000").unwrap(),
        },
        address: Address {
            region: RegionCode::new("330106").unwrap(),
            detail: "文三路1号1幢101室".to_owned(),
        },
        state: DeliveryState::Ordered,
        waybill: None,
        tracks: Vec::new(),
        created_at: at(0),
        next_check_at: Some(at(0)),
        version: 0,
    }
}

pub(super) fn track(second: i64, kind: TrackKind) -> Track {
    Track { at: at(second), kind, place: "杭州".to_owned(), words: "快件".to_owned() }
}

#[test]
fn the_same_list_again_changes_nothing_and_a_longer_one_adds_what_is_new() {
    let list = [track(1, TrackKind::Collected), track(2, TrackKind::Departed)];
    let once = delivery().tracked(&list, at(5)).unwrap();
    assert_eq!((once.state, once.tracks.len()), (DeliveryState::InTransit, 2));
    let again = once.clone().tracked(&list, at(5)).unwrap();
    assert_eq!(again, once);
    let longer = [&list[..], &[track(3, TrackKind::Delivered)]].concat();
    let over = once.tracked(&longer, at(9)).unwrap();
    assert_eq!((over.state, over.tracks.len()), (DeliveryState::Delivered, 3));
    assert_eq!(over.next_check_at, None, "nobody asks again");
    assert!(over.tracked(&[track(4, TrackKind::Lost)], at(9)).is_err());
}

#[test]
fn waybills_are_those_of_the_postal_union() {
    for valid in ["RR473124829GB", "EA123456785CN"] {
        assert_eq!(Waybill::new(valid).unwrap().as_str(), valid);
    }
    for bad in
        ["", "EA123456784CN", "ea123456785CN", "EA12345678CN", "EA1234567855CN", "é123456785CN"]
    {
        assert_eq!(Waybill::new(bad), Err(WaybillInvalid), "{bad}");
    }
}

#[test]
fn personal_data_does_not_print() {
    let text = format!("{:?}", delivery());
    for clear in ["王小明", "13800138000", "文三路"] {
        assert!(!text.contains(clear), "{text}");
    }
}
