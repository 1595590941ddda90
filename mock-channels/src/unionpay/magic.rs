//! Amounts that decide outcomes, so that a tester without levers can have every one of them.
//!
//! They lie near a million yuan, where no ordinary amount falls by chance. The fen are the
//! response code: 955,162.64 yuan is "the payer's balance does not suffice".

use super::code;

const ORDER_ANSWER: i64 = 95_516_100;
const PAYMENT_OUTCOME: i64 = 95_516_200;
const REVERSAL_ANSWER: i64 = 95_516_300;
const REVERSAL_OUTCOME: i64 = 95_516_400;

/// 955,161.CC yuan: what the order is answered.
pub(super) fn order_answer(fen: i64) -> Option<String> {
    code_of(fen, ORDER_ANSWER)
}

/// 955,162.CC yuan: how the payer's attempt ends.
pub(crate) fn payment_outcome(fen: i64) -> Option<String> {
    code_of(fen, PAYMENT_OUTCOME)
}

/// 955,163.CC yuan: what the refund is answered.
pub(super) fn reversal_answer(fen: i64) -> Option<String> {
    code_of(fen, REVERSAL_ANSWER)
}

/// 955,164.CC yuan: how the refund ends after it was accepted.
pub(super) fn reversal_outcome(fen: i64) -> Option<String> {
    code_of(fen, REVERSAL_OUTCOME)
}

fn code_of(fen: i64, base: i64) -> Option<String> {
    let last = fen.checked_sub(base).filter(|last| (1..100).contains(last))?;
    Some(format!("{last:02}")).filter(|code| code::is_known(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fen_of_a_magic_amount_are_the_code() {
        assert_eq!(order_answer(95_516_103).as_deref(), Some("03"));
        assert_eq!(payment_outcome(95_516_264).as_deref(), Some("64"));
        assert_eq!(reversal_answer(95_516_330).as_deref(), Some("30"));
        assert_eq!(reversal_outcome(95_516_405).as_deref(), Some("05"));
    }

    #[test]
    fn other_amounts_decide_nothing() {
        for fen in [0, 1, 64, 20_000, ORDER_ANSWER, 95_516_164 + 100, 95_516_107, i64::MIN] {
            assert_eq!(order_answer(fen), None, "{fen}");
        }
    }
}
