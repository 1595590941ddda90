//! Letters of pinyin: what sounds alike, and what is one slip of the finger away.

/// The sound as many speak it: without the differences between zh and z, n and l, ng and n.
pub(super) fn spoken(sound: &str) -> String {
    let (head, rest) = split(sound);
    let head = match head {
        "zh" => "z",
        "ch" => "c",
        "sh" => "s",
        "l" => "n",
        other => other,
    };
    let rest = match rest {
        "ang" => "an",
        "eng" => "en",
        "ing" => "in",
        "iang" => "ian",
        "uang" => "uan",
        "v" => "u",
        other => other,
    };
    format!("{head}{rest}")
}

fn split(sound: &str) -> (&str, &str) {
    let two = sound.get(..2).filter(|two| matches!(*two, "zh" | "ch" | "sh"));
    let one = sound.get(..1).filter(|one| !matches!(*one, "a" | "e" | "o"));
    let head = two.or(one).unwrap_or_default();
    (head, sound.get(head.len()..).unwrap_or_default())
}

/// Is `typed` at most one letter missing, too many, wrong or swapped with its neighbour away from
/// `meant` (Damerau-Levenshtein distance 0 or 1)?
pub(super) fn one_slip(typed: &[u8], meant: &[u8]) -> bool {
    let same = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (typed, meant) = (&typed[same..], &meant[same..]);
    match (typed, meant) {
        ([], []) | ([_], []) | ([], [_]) => true,
        ([_, ..], [_, ..]) => {
            let swapped = typed.len() >= 2
                && meant.len() >= 2
                && typed[0] == meant[1]
                && typed[1] == meant[0]
                && typed[2..] == meant[2..];
            swapped || typed[1..] == meant[1..] || typed[1..] == *meant || *typed == meant[1..]
        }
        ([_, ..], []) | ([], [_, ..]) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_fall_together() {
        for (a, b) in [
            ("zheng", "zen"),
            ("shi", "si"),
            ("lan", "nang"),
            ("lv", "lu"),
            ("an", "ang"),
            ("qiang", "qian"),
        ] {
            assert_eq!(spoken(a), spoken(b));
        }
        for (a, b) in [("she", "shi"), ("bao", "pao"), ("en", "an")] {
            assert_ne!(spoken(a), spoken(b));
        }
    }

    #[test]
    fn one_slip_is_one_letter_or_one_swap() {
        for near in ["gong", "gon", "gongg", "gogn", "ghng", "ong", "ogng"] {
            assert!(one_slip(near.as_bytes(), b"gong"), "{near}");
        }
        for far in ["gg", "ggnno", "ggonng", "", "bang"] {
            assert!(!one_slip(far.as_bytes(), b"gong"), "{far}");
        }
    }
}
