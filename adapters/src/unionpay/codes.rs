//! Response codes of UnionPay, in the one place that knows them. A code that is not here is not
//! understood, and so never taken for a failure.

/// What the code of an answer says of the call itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// 00: done, or taken on.
    Accepted,
    /// 12: there was one of this number and time before.
    Duplicate,
    /// 34: nothing of this number and time is there; or nobody tried to pay it yet.
    Absent,
    /// 98: there is no file.
    NoFile,
    /// Understood and refused: nothing was done by this call.
    Refused,
    /// 01, 03 to 06 and every code that is not known: perhaps it was done.
    Unsure,
}

pub(super) fn said(code: &str) -> Said {
    match code {
        "00" => Said::Accepted,
        "12" => Said::Duplicate,
        "34" => Said::Absent,
        "98" => Said::NoFile,
        "02" | "10" | "11" | "13" | "14" | "30" | "31" | "32" | "33" | "35" | "36" | "37"
        | "38" | "39" | "40" | "41" | "43" | "44" => Said::Refused,
        card if is_card_refusal(card) => Said::Refused,
        _ => Said::Unsure,
    }
}

/// What the code of a transaction, in an answer to a query or in a notification, says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// 00, and A6: paid, with a blemish that is the platform's to mend.
    Done,
    /// 03, 04, 05: not decided yet.
    Pending,
    /// The attempt came to nothing.
    Failed,
    /// Everything else. 42, 74 and 75 say that money moved, but not as it should have: neither
    /// done nor failed, so people must look.
    Unsure,
}

pub(super) fn outcome(code: &str) -> Outcome {
    match code {
        "00" | "A6" => Outcome::Done,
        "03" | "04" | "05" => Outcome::Pending,
        "01" | "02" | "10" | "11" | "13" | "14" | "30" | "31" | "32" | "33" | "35" | "36"
        | "37" | "38" | "39" | "40" | "41" | "43" | "44" => Outcome::Failed,
        card if is_card_refusal(card) => Outcome::Failed,
        _ => Outcome::Unsure,
    }
}

/// The card, its issuer or its holder said no.
fn is_card_refusal(code: &str) -> bool {
    matches!(
        code,
        "60" | "61"
            | "62"
            | "63"
            | "64"
            | "65"
            | "66"
            | "67"
            | "68"
            | "69"
            | "71"
            | "72"
            | "73"
            | "76"
            | "77"
            | "78"
            | "79"
            | "80"
            | "82"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_knows_is_never_a_failure() {
        for code in ["", "0", "000", "07", "42", "70", "74", "75", "99", "B7", "a6", "00 "] {
            assert_eq!(outcome(code), Outcome::Unsure, "{code}");
            assert_eq!(said(code), Said::Unsure, "{code}");
        }
        // Faults of the platform may have happened after the deed.
        for code in ["01", "03", "04", "05", "06"] {
            assert_eq!(said(code), Said::Unsure, "{code}");
        }
        assert_eq!(said("A6"), Said::Unsure);
    }

    #[test]
    fn every_code_has_one_meaning() {
        let table = [
            ("00", Said::Accepted, Outcome::Done),
            ("01", Said::Unsure, Outcome::Failed),
            ("05", Said::Unsure, Outcome::Pending),
            ("10", Said::Refused, Outcome::Failed),
            ("12", Said::Duplicate, Outcome::Unsure),
            ("34", Said::Absent, Outcome::Unsure),
            ("64", Said::Refused, Outcome::Failed),
            ("98", Said::NoFile, Outcome::Unsure),
            ("A6", Said::Unsure, Outcome::Done),
        ];
        for (code, call, transaction) in table {
            assert_eq!((said(code), outcome(code)), (call, transaction), "{code}");
        }
    }
}
