//! What can be done about an exception, and what proves that it was done.

use crate::reconciliation::DiscrepancyCode as Code;

/// What proves that an action had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A later run of the same day no longer finds it.
    Gone,
    /// A statement shows the refund.
    Refund,
    /// A statement shows the payment.
    Payment,
    /// The agency's file shows the write-off.
    WriteOff,
    /// The bank's file shows the credit.
    Credit,
    /// A journal that two persons agreed to, named when it was booked.
    Booked,
}

/// What is done about an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// 重新取得文件.
    FetchAgain,
    /// 修正明细并重放.
    Repair,
    /// 退款.
    Refund,
    /// 按渠道结果补记.
    BookByRail,
    /// 等待对账单印证.
    Await,
    /// 重新推送销账.
    PushWriteOff,
    /// 催收到账.
    Chase,
    /// 核对后更正.
    Correct,
    /// 认账调整: a journal of its own takes the difference over; the day's evidence stays.
    Accept,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::FetchAgain,
        Self::Repair,
        Self::Refund,
        Self::BookByRail,
        Self::Await,
        Self::PushWriteOff,
        Self::Chase,
        Self::Correct,
        Self::Accept,
    ];

    /// The word of columns, and what staff call it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::FetchAgain => ("FETCH_AGAIN", "重新取得文件"),
            Self::Repair => ("REPAIR", "修正明细并重放"),
            Self::Refund => ("REFUND", "退款"),
            Self::BookByRail => ("BOOK_BY_RAIL", "按渠道结果补记"),
            Self::Await => ("AWAIT", "结转，待后日对账单印证"),
            Self::PushWriteOff => ("PUSH_WRITE_OFF", "重新推送销账"),
            Self::Chase => ("CHASE", "催收到账"),
            Self::Correct => ("CORRECT", "核对后更正"),
            Self::Accept => ("ACCEPT", "认账调整"),
        }
    }

    /// The action with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.words().0 == word)
    }

    /// What proves it.
    pub const fn proof(self) -> Proof {
        match self {
            Self::FetchAgain | Self::Repair | Self::BookByRail | Self::Correct => Proof::Gone,
            Self::Refund => Proof::Refund,
            Self::Await => Proof::Payment,
            Self::PushWriteOff => Proof::WriteOff,
            Self::Chase => Proof::Credit,
            Self::Accept => Proof::Booked,
        }
    }

    /// What may be done about this code; the first is what the desk proposes by itself.
    pub const fn of(code: Code) -> &'static [Self] {
        match code {
            Code::F01 | Code::F02 | Code::F03 => &[Self::FetchAgain, Self::Accept],
            Code::F04 => &[Self::Accept, Self::Correct],
            Code::F05 => &[Self::Repair, Self::Accept],
            Code::L01 | Code::L07 | Code::L08 => &[Self::Refund, Self::BookByRail, Self::Accept],
            Code::L02 => &[Self::BookByRail, Self::Refund],
            Code::L10 => &[Self::Refund, Self::BookByRail],
            Code::L03 => &[Self::Await, Self::Correct, Self::Accept],
            Code::L04 | Code::L05 | Code::L06 | Code::L09 => &[Self::Correct, Self::Accept],
            Code::L11 => &[Self::Await, Self::Correct],
            Code::R01 | Code::R04 => &[Self::Refund, Self::Correct],
            Code::R02 | Code::R03 | Code::R05 => &[Self::Correct, Self::Accept],
            Code::C01 => &[Self::Accept, Self::Correct],
            Code::B01 => &[Self::Chase, Self::Correct],
            Code::B02 | Code::B03 | Code::B04 => &[Self::Correct, Self::Accept],
            Code::A01 => &[Self::PushWriteOff, Self::Correct],
            Code::A02 => &[Self::Correct, Self::Accept],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_something_to_do_and_words_survive() {
        for code in Code::ALL {
            assert!(!Action::of(code).is_empty(), "{code:?}");
        }
        for action in Action::ALL {
            assert_eq!(Action::from_word(action.words().0), Some(action));
            let used = Code::ALL.iter().any(|code| Action::of(*code).contains(&action));
            assert!(used, "{action:?} is for no code");
        }
        assert_eq!(Action::from_word("PAY"), None);
    }
}
