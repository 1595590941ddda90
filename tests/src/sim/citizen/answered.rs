//! What citizens do about an answer of ours.

use super::super::world::{Core, Event, HOUR, MINUTE, SECOND};
use super::{Answer, Manner, Step, What};
use domain::ids::PaymentNo;
use domain::payment::Refusal;

/// Our service answered this call; an answer that nobody waits for is dropped.
pub fn answered(core: &mut Core, number: usize, call: u32, answer: Answer) {
    let Some((what, sent_at)) = core.citizens[number].waiting.remove(&call) else { return };
    core.note("answer", &format!("{answer:?}"), number as i64);
    if let What::Start(wanted) = &what {
        super::super::check::key_answered(core, number, wanted, sent_at, &answer);
    }
    match answer {
        Answer::Started { no, cashier } | Answer::Refused(_, Some((no, cashier))) => {
            if cashier && core.citizens[number].opened.insert(no.clone()) {
                cashier_opens(core, number, no);
            }
        }
        Answer::Refused(why, None) => refused(core, number, &what, &why),
        Answer::Quoted(token, total) => {
            let dice = &mut core.citizens[number].dice;
            let longest = [20 * SECOND, 20 * SECOND, 14 * MINUTE, 17 * MINUTE];
            let longest = longest[usize::try_from(dice.below(4)).unwrap()];
            let think = dice.between(SECOND, longest);
            core.after(think, Event::Citizen(number, Step::TapQuoted(token, total)));
        }
        Answer::Linked(token) => {
            let dice = &mut core.citizens[number].dice;
            let longest = [10 * MINUTE, 3 * HOUR, 25 * HOUR];
            let longest = longest[usize::try_from(dice.below(3)).unwrap()];
            let later = dice.between(10 * SECOND, longest);
            let again = later + dice.between(0, 10 * SECOND);
            if dice.percent(15) {
                // It was sent to two who know nothing of each other.
                core.after(again, Event::Citizen(number, Step::FriendLooks(token.clone())));
            }
            core.after(later, Event::Citizen(number, Step::FriendLooks(token)));
        }
        Answer::Shows(total) => {
            let What::Look(token) = what else { return };
            let soon = core.citizens[number].dice.between(SECOND, MINUTE);
            core.after(soon, Event::Citizen(number, Step::FriendPays(token, total)));
        }
        Answer::Later => {
            let citizen = &mut core.citizens[number];
            citizen.retries += 1;
            if citizen.retries <= 8 {
                let soon = citizen.dice.between(2 * SECOND, 20 * SECOND);
                let again = Step::Again(Box::new(what));
                core.after(soon, Event::Citizen(number, again));
            }
        }
        Answer::Done => {}
    }
}

/// Nothing was stored; some of it can be tried again.
fn refused(core: &mut Core, number: usize, what: &What, why: &Refusal) {
    let citizen = &mut core.citizens[number];
    if citizen.taps >= 4 {
        return;
    }
    let soon = citizen.dice.between(SECOND, 10 * SECOND);
    match (why, what) {
        (Refusal::AmountChanged(_), What::PayByLink(token, _)) => {
            core.after(soon, Event::Citizen(number, Step::FriendLooks(token.clone())));
        }
        (Refusal::AmountChanged(_) | Refusal::QuoteExpired, _) => {
            core.after(soon, Event::Citizen(number, Step::Tap));
        }
        (Refusal::RailSick(_), _) => {
            let soon = 6 * soon;
            core.after(soon, Event::Citizen(number, Step::Tap));
        }
        (
            Refusal::Notices
            | Refusal::UnknownNotice(_)
            | Refusal::UnknownItem(..)
            | Refusal::AlreadyPaid(_)
            | Refusal::NotPayable(_)
            | Refusal::QuoteInvalid
            | Refusal::OverRailLimit(_)
            | Refusal::RailUnavailable
            | Refusal::KeyReused
            | Refusal::RailRefused
            | Refusal::InProgress,
            _,
        ) => {}
    }
}

fn cashier_opens(core: &mut Core, number: usize, no: PaymentNo) {
    let citizen = &mut core.citizens[number];
    let think = citizen.dice.between(2 * SECOND, 40 * SECOND);
    match citizen.manner {
        Manner::Pays | Manner::TapsOften | Manner::TwoDevices => {
            core.after(think, Event::Citizen(number, Step::Cashier(no)));
        }
        Manner::PaysLate => {
            let late = 15 * MINUTE - 30 * SECOND + think;
            core.after(late, Event::Citizen(number, Step::Cashier(no)));
        }
        Manner::GivesUp => {
            citizen.manner = Manner::Pays; // The next time, if there is one.
            if citizen.dice.percent(50) {
                let later = citizen.dice.between(15 * MINUTE, 30 * MINUTE);
                core.after(later, Event::Citizen(number, Step::Tap));
            }
        }
        Manner::Cancels => {
            citizen.manner = Manner::Pays; // The next time.
            let (pays, again) = (citizen.dice.percent(40), citizen.dice.percent(70));
            let later = think + citizen.dice.between(SECOND, 10 * MINUTE);
            let race = think + citizen.dice.between(-2 * SECOND, 2 * SECOND);
            core.after(think, Event::Citizen(number, Step::Cancel(no.clone())));
            if pays {
                core.after(race, Event::Citizen(number, Step::Cashier(no)));
            }
            if again {
                core.after(later, Event::Citizen(number, Step::Tap));
            }
        }
        Manner::OldRequest => {
            let later = citizen.dice.between(MINUTE, 30 * HOUR);
            let old = citizen.last_start.clone();
            core.after(think, Event::Citizen(number, Step::Cashier(no)));
            if let Some(old) = old {
                let again = Step::Again(Box::new(What::Start(old)));
                core.after(later, Event::Citizen(number, again));
            }
        }
    }
}
