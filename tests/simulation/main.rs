//! The simulation in the gate: many seeds with all faults, the same history from the same seed,
//! one planted bug per invariant, and a failing history that is made small and lived again.

use tests::sim::{Options, Plant, Trace, Verdict, run, run_seeds, shrink};

/// Half are always the same; the others are new every day, and a failure names its seed.
#[test]
fn days_with_all_faults_end_with_every_payment_settled() {
    let today = u64::try_from(today()).unwrap();
    let seeds = (0..15).chain(today * 1_000..today * 1_000 + 15);
    let verdicts = run_seeds(seeds.map(|seed| Options::new(seed, 3, 2_000)).collect());
    for verdict in &verdicts {
        println!("{}", verdict.line());
    }
    assert_eq!(verdicts.len(), 30);
    for verdict in &verdicts {
        assert_eq!(verdict.violation, None, "{}", verdict.line());
    }
    for name in SITUATIONS {
        let reached = verdicts.iter().filter_map(|verdict| verdict.reached.get(name));
        assert!(reached.sum::<usize>() > 5, "{name} hardly ever happens");
    }
}

/// Where the thirty towns must have been for their silence to mean anything.
const SITUATIONS: [&str; 20] = [
    "WECHAT_MINI",
    "WECHAT_APP",
    "WECHAT_NATIVE",
    "ALIPAY_MINI",
    "ALIPAY_APP",
    "UNIONPAY_APP",
    "RAIL_WAITS",
    "RAIL_SILENT",
    "RAIL_REFUSED",
    "RAIL_CONFIRMED",
    "OTHER_AMOUNT",
    "LATE_HONOURED",
    "LATE_OWED_BACK",
    "EXPIRED",
    "CANCELLED",
    "callback",
    "answer",
    "statement",
    "several agencies",
    "late fee of yesterday's quote",
];

#[test]
fn without_faults_nothing_fails_and_nothing_is_owed_back() {
    let verdict = run(&Options::new(1, 2, 500).with_faults("none").unwrap());
    assert_eq!((&verdict.violation, verdict.faults.as_str()), (&None, ""), "{}", verdict.line());
    assert!(!verdict.standing.contains("REFUND_DUE"), "{}", verdict.line());
    assert!(verdict.stored > 450, "{}", verdict.line());
}

#[test]
fn the_same_seed_is_the_same_history() {
    let options = Options::new(42, 2, 600);
    let (once, again) = (run(&options), run(&options));
    assert!(once.events > 5_000, "{}", once.line());
    assert_eq!((once.digest, once.line()), (again.digest, again.line()));
    assert_ne!(once.digest, run(&Options::new(43, 2, 600)).digest);
}

/// The first seed that finds the plant.
fn found(plant: Plant) -> (Options, Verdict) {
    for seed in 0..10 {
        let options = Options::new(seed, 2, 600).with_plant(plant);
        let verdict = run(&options);
        if verdict.violation.is_some() {
            return (options, verdict);
        }
    }
    panic!("no seed finds {}", plant.name());
}

#[test]
fn every_planted_bug_is_found_and_named() {
    for plant in Plant::all() {
        let (_, verdict) = found(plant);
        let broken = verdict.violation.as_ref().unwrap();
        assert_eq!(broken.invariant, plant.breaks(), "{}: {}", plant.name(), verdict.line());
    }
}

#[test]
fn a_failing_history_is_made_small_and_lived_again() {
    let (options, verdict) = found(Plant::ForgedBelieved);
    let trace = shrink(&options, &verdict).unwrap();
    let (citizens, faults) = trace.size();
    assert!((1..=3).contains(&citizens) && faults <= 3, "{}", trace.text);
    let read = Trace::read(&trace.text).unwrap();
    assert_eq!(read.invariant(), "M7");
    let lived = read.replay();
    assert_eq!(lived.violation.as_ref().unwrap().invariant, "M7");
    assert_eq!(lived.digest, read.replay().digest);
    assert!(trace.text.contains("forged-callback/"), "{}", trace.text);
    for bad in ["seed x", "citizen", "fault crash", "plant nobody 1", "what 1"] {
        assert!(Trace::read(bad).is_err(), "{bad}");
    }
}

#[expect(clippy::disallowed_methods, reason = "only chooses which seeds are tried")]
fn today() -> i64 {
    jiff::Timestamp::now().as_second() / 86_400
}
