//! How long the worker waits between tries, and when it believes a refusal.

use super::*;

#[test]
fn tries_grow_rarer_up_to_ten_minutes() {
    let table = [(0, 5), (1, 10), (2, 20), (6, 320), (7, 600), (10, 600), (u32::MAX, 600)];
    for (attempts, seconds) in table {
        assert_eq!(pause(attempts), SignedDuration::from_secs(seconds), "after {attempts}");
    }
}

#[test]
fn a_refusal_of_the_desk_is_believed_the_fifth_time_if_no_time_mends_it() {
    for code in ["AMOUNT", "NOT_FOUND", "INVALID", "CONFLICT", "NOT_WRITTEN_OFF"] {
        let believed = [0, 3, 4, 5].map(|attempts| is_final(code, attempts));
        assert_eq!(believed, [false, false, true, true], "{code}");
    }
    assert!(!is_final("SYSTEM_BUSY", 100), "that passes");
}
