//! Tests of planting: every code, the same folder for the same seed, sums that hold where nothing is wrong.

use super::*;
use std::collections::BTreeSet;

const CODES: [&str; 28] = [
    "A01", "A02", "B01", "B02", "B03", "B04", "C01", "F01", "F02", "F03", "F04", "F05", "L01",
    "L02", "L03", "L04", "L05", "L06", "L07", "L08", "L09", "L10", "L11", "R01", "R02", "R03",
    "R04", "R05",
];

fn folder(seed: u64, clean: bool) -> Folder {
    Planting { seed, payments: Planting::PAYMENTS, clean }.folder().unwrap().0
}

fn text(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder[name].clone()).unwrap()
}

#[test]
fn every_code_is_in_every_folder() {
    for seed in 1..=20 {
        let truth = text(&folder(seed, false), "truth.csv");
        let planted: BTreeSet<&str> = truth.lines().skip(1).map(|line| &line[..3]).collect();
        assert_eq!(planted, BTreeSet::from(CODES), "seed {seed}");
    }
}

#[test]
fn the_same_seed_makes_the_same_folder_and_another_another() {
    let (first, again, other) = (folder(7, false), folder(7, false), folder(8, false));
    assert_eq!(first, again);
    assert_ne!(first["ledger.csv"], other["ledger.csv"]);
}

#[test]
fn a_clean_day_has_no_truth_and_its_sums_hold() {
    for seed in 1..=5 {
        let folder = folder(seed, true);
        let codes: BTreeSet<String> =
            text(&folder, "truth.csv").lines().skip(1).map(|line| line[..3].to_owned()).collect();
        // What is carried over midnight is told, though nothing is wrong.
        assert!(codes.iter().all(|code| code == "L11"), "{codes:?}");
        let bank = text(&folder, "bank.csv");
        let rows = bank.lines().skip(1).filter(|line| !line.starts_with('#'));
        let fen = |line: &str| line.split(',').nth(3).unwrap().parse::<i64>().unwrap();
        let sum: i64 = rows.map(fen).sum();
        let total = bank.lines().last().unwrap();
        assert_eq!(total.rsplit(',').next().unwrap().parse::<i64>().unwrap(), sum);
    }
}

#[test]
fn arguments_are_told_all_at_once() {
    let read = |words: &[&str]| Command::read(words.iter().map(|word| (*word).to_owned()));
    let command = read(&["--seed", "3", "--out", "x"]).unwrap();
    assert_eq!(command.planting, Planting { seed: 3, payments: Planting::PAYMENTS, clean: false });
    let Usage(faults) = read(&["--seed", "x", "--moon"]).unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:?}");
}
