//! A day's verdicts as bytes that are the same for any order of the input (I6). Whoever keeps them hashes them.

use super::verdict::{DayVerdicts, Finding};
use super::{DayInput, booked};

impl DayVerdicts {
    /// Gives the bytes to `sink`, piece by piece. Places of lines in their files are not among them: they say where something
    /// stands, not what it is. Lines that could not be read stand there by their raw bytes.
    pub fn canonical(&self, input: &DayInput<'_>, sink: &mut dyn FnMut(&[u8])) {
        let mut line = |fields: &[&str]| {
            for field in fields {
                // Lengths first: no value can pretend to be two.
                sink(field.len().to_string().as_bytes());
                sink(b":");
                sink(field.as_bytes());
            }
            sink(b"\n");
        };
        line(&["yiwang-verdicts-1", &input.rules.day.to_string()]);
        for ((rail, kind), (count, fen)) in booked(input) {
            line(&[rail.code(), &format!("{kind:?}"), &count.to_string(), &fen.to_string()]);
        }
        for finding in &self.findings {
            let fen = [finding.at_risk, finding.equation].map(|fen| fen.value().to_string());
            let raw = raw_of(finding, input);
            line(&[
                finding.code.words().0,
                &fen[0],
                &fen[1],
                finding.rail,
                &finding.merchant_no,
                &finding.order_no,
                &finding.refund_no,
                &finding.notice_no,
                &finding.txn_no,
                &finding.credit_no,
                &finding.file,
                if finding.ambiguous { "1" } else { "0" },
                &finding.cause,
                &raw,
            ]);
        }
        for identity in &self.identities {
            let sides = [identity.left, identity.right].map(|side| side.to_string());
            if identity.name != "I1" && identity.name != "I2" {
                line(&[identity.name, identity.of, &sides[0], &sides[1]]);
            }
        }
    }
}

fn raw_of(finding: &Finding, input: &DayInput<'_>) -> String {
    let unread = |origin| input.quarantined.iter().find(|line| Some(line.origin) == origin);
    let unread = (finding.code == crate::reconciliation::DiscrepancyCode::F05)
        .then(|| unread(finding.origin))
        .flatten();
    unread.map_or_else(String::new, |line| String::from_utf8_lossy(line.raw).into_owned())
}
