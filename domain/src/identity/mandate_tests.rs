//! Who may act for whom, over the fakes: rules of the use cases that no store knows.

use super::*;
use crate::fakes::samples::{self, at};
use crate::fakes::{CountingIds, FakeClock, InMemoryStore};
use crate::outside::OutsideError;
use crate::standards::{CitizenId, Uscc};
use async_trait::async_trait;
use jiff::SignedDuration;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

const CARDS: [&str; 2] = ["33010619000101099X", "330203190106150987"];

/// Registers that confirm everything of the first card, and are silent for `silent`.
struct Registers {
    silent: bool,
}

#[async_trait]
impl LegalPersonRegister for Registers {
    async fn represented_by(
        &self,
        of: &RealName,
        uscc: &Uscc,
    ) -> Result<Option<LegalPerson>, OutsideError> {
        if self.silent {
            return Err(OutsideError::NotSent("planned".into()));
        }
        let named = of.id_card.as_str() == CARDS[0];
        let name = "样例有限公司".to_owned();
        Ok(named.then(|| LegalPerson { uscc: uscc.clone(), name }))
    }
}

#[async_trait]
impl FamilyRegister for Registers {
    async fn kin(
        &self,
        of: &RealName,
        _name: &PersonName,
        _id_card: &CitizenId,
    ) -> Result<Option<Kinship>, OutsideError> {
        if self.silent {
            return Err(OutsideError::NotSent("planned".into()));
        }
        Ok((of.id_card.as_str() == CARDS[0]).then_some(Kinship::Parent))
    }
}

struct Bench {
    store: Arc<InMemoryStore>,
    clock: Arc<FakeClock>,
    mandates: Mandates,
    acting: Acting,
}

fn bench(silent: bool) -> Bench {
    let store = Arc::new(InMemoryStore::new());
    let clock = Arc::new(FakeClock::at(at(0)));
    let (ids, registers) = (Arc::new(CountingIds::default()), Arc::new(Registers { silent }));
    Bench {
        mandates: Mandates {
            store: store.clone(),
            persons: store.clone(),
            legal_persons: registers.clone(),
            families: registers,
            clock: clock.clone(),
            ids: ids.clone(),
        },
        acting: Acting { store: store.clone(), clock: clock.clone(), ids },
        store,
        clock,
    }
}

fn caller(id: &str, card: usize) -> Caller {
    let real_name = RealName {
        name: PersonName::new("王小明").unwrap(),
        id_card: CitizenId::new(CARDS[card]).unwrap(),
        checked_at: at(0),
    };
    let caller = samples::caller(id);
    Caller { person: Person { real_name: Some(real_name), ..caller.person }, ..caller }
}

fn other() -> (PersonName, CitizenId) {
    (PersonName::new("王小明").unwrap(), CitizenId::new(CARDS[1]).unwrap())
}

fn days(days: i64) -> ForDays {
    ForDays::new(days).unwrap()
}

#[test]
fn consent_is_for_one_to_366_days() {
    for (days, good) in [(0, false), (1, true), (366, true), (367, false), (-1, false)] {
        assert_eq!(ForDays::new(days).is_ok(), good, "{days}");
    }
}

#[test]
fn a_silent_register_makes_no_mandate() {
    let bench = bench(true);
    let caller = caller("P1", 0);
    let asked = wait(bench.mandates.ask_for_kin(&caller, other(), days(1)));
    assert!(matches!(asked, Err(MandateError::Register(_))));
    assert!(wait(bench.mandates.held_by(&caller.person)).unwrap().is_empty());
}

#[test]
fn an_absorbed_account_keeps_its_mandates_and_a_former_id_is_the_agent() {
    let bench = bench(false);
    let younger = caller("P2", 0);
    let mandate = wait(bench.mandates.ask_for_kin(&younger, other(), days(1))).unwrap();
    let elder = caller("P1", 0);
    let former_ids = vec![younger.person.id.clone()];
    let merged = Caller { person: Person { former_ids, ..elder.person.clone() }, ..elder.clone() };
    assert_eq!(
        wait(bench.mandates.held_by(&merged.person)).unwrap(),
        std::slice::from_ref(&mandate)
    );
    assert!(wait(bench.mandates.held_by(&elder.person)).unwrap().is_empty(), "two accounts yet");
    let parent = caller("P3", 1);
    wait(bench.mandates.accept(&parent, &mandate.no)).unwrap();
    wait(bench.acting.act_as(&merged, Some(&mandate.no))).unwrap();
    let refused = wait(bench.acting.act_as(&elder, Some(&mandate.no)));
    assert!(matches!(refused, Err(MandateError::NotFound)));
}

#[test]
fn the_represented_stands_in_and_the_account_stays_the_callers() {
    let bench = bench(false);
    let agent = caller("P1", 0);
    let mandate = wait(bench.mandates.ask_for_kin(&agent, other(), days(1))).unwrap();
    wait(bench.mandates.accept(&caller("P3", 1), &mandate.no)).unwrap();
    assert_eq!(wait(bench.acting.of(&agent)).unwrap(), ActingFor::Oneself);
    wait(bench.acting.act_as(&agent, Some(&mandate.no))).unwrap();
    let acting = wait(bench.acting.of(&agent)).unwrap();
    let seen = acting.stand_in(&agent.person);
    assert_eq!(seen.real_name.as_ref().unwrap().id_card.as_str(), CARDS[1]);
    assert_eq!(Person { real_name: agent.person.real_name.clone(), ..seen }, agent.person);
    bench.clock.advance(SignedDuration::from_hours(24));
    let over = wait(bench.acting.of(&agent)).unwrap();
    assert!(matches!(over, ActingFor::Over(_)), "its time is over");
    assert_eq!(over.stand_in(&agent.person), agent.person);
    assert!(wait(bench.mandates.end(&agent, &mandate.no)).is_err(), "nothing is left to end");
    assert!(wait(bench.mandates.ask_for_kin(&agent, other(), days(1))).is_ok(), "a new one");
    let acts = wait(AuditTrail::list(&*bench.store, None, 9)).unwrap();
    let acts: Vec<_> = acts.iter().rev().map(|line| line.record.act.as_str()).collect();
    assert_eq!(acts, ["MANDATE_ASKED", "MANDATE_GIVEN", "MANDATE_ASKED"]);
}
