//! The desk of reconciliation over one store: what judges days by itself, and what staff do.

use super::rails::ConnectedRail;
use super::sources::Sources;
use crate::parts::DeskParts;
use adapters::day_files::KeptDays;
use adapters::seals::SealKeeper;
use adapters::store::Store;
use domain::clock::{Clock, IdSource};
use domain::payment::PaymentRail as _;
use domain::reconciliation::desk::{
    ChangeRules, CloseDay, DecideProposal, DeskBook, ExecuteProposal, Inputs, JudgeDue,
    ProposeAction, ProposeDay, TakeExceptions,
};
use std::sync::Arc;

/// What judges the days of these rails.
pub struct Judging {
    /// Judges by what is kept.
    pub kept: Arc<KeptDays>,
    /// What a day is judged by.
    pub inputs: Inputs,
    /// Judges what is due.
    pub due: Arc<JudgeDue>,
}

impl Judging {
    /// Of these rails, whose files these are.
    pub fn of(
        rails: &[ConnectedRail],
        sources: &Sources,
        store: &Arc<Store>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let merchant = |rail: &ConnectedRail| (rail.bills.rail(), rail.guarded.merchant().clone());
        let kept = Arc::new(KeptDays {
            store: store.clone(),
            merchants: rails.iter().map(merchant).collect(),
            readers: rails.iter().map(|rail| rail.bills.clone()).collect(),
        });
        let inputs = Inputs {
            calendar: sources.calendar.clone(),
            sources: store.clone(),
            book: store.clone(),
            days: store.clone(),
            clock: clock.clone(),
        };
        let due = JudgeDue {
            inputs: inputs.clone(),
            rules: store.clone(),
            judge: kept.clone(),
            seen: std::sync::Mutex::default(),
        };
        Self { kept, inputs, due: Arc::new(due) }
    }

    /// What staff do at the desk.
    pub fn desk(
        &self,
        store: &Arc<Store>,
        keeper: SealKeeper,
        clock: &Arc<dyn Clock>,
        ids: &Arc<dyn IdSource>,
    ) -> DeskParts {
        let (book, clock): (Arc<dyn DeskBook>, _) = (store.clone(), clock.clone());
        let awaited = Arc::new(self.inputs.clone());
        DeskParts {
            take: TakeExceptions { book: book.clone(), clock: clock.clone() },
            propose: ProposeAction { book: book.clone(), clock: clock.clone(), ids: ids.clone() },
            propose_day: ProposeDay {
                book: book.clone(),
                awaited: awaited.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            decide: DecideProposal { book: book.clone(), clock: clock.clone() },
            execute: ExecuteProposal { book: book.clone(), clock: clock.clone() },
            rules: ChangeRules {
                book: book.clone(),
                rules: store.clone(),
                inputs: self.inputs.clone(),
                judge: self.kept.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            close: CloseDay { book: book.clone(), awaited, signer: Arc::new(keeper), clock },
            audit: store.clone(),
            book,
        }
    }
}
