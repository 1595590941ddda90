//! The simulation from the command line.
#![expect(clippy::unwrap_used, reason = "a program of the suites: a panic is how it fails")]

use std::process::ExitCode;
use std::time::Instant;
use tests::sim::{Options, Plant, Trace, Verdict, run_seeds, shrink};

const USAGE: &str = "usage: sim [--seed N | --seeds N..M] [--days N] [--payments N] \
    [--faults all|none|names] [--plant NAME|INVARIANT]\n       sim --replay FILE";
/// Seeds whose verdicts are printed together.
const AT_ONCE: usize = 16;

struct Wanted {
    seeds: std::ops::Range<u64>,
    days: i64,
    payments: usize,
    faults: String,
    plant: Option<Plant>,
    replay: Option<String>,
}

fn wanted(mut words: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let (seeds, faults) = (42..43, "all".to_owned());
    let mut wanted = Wanted { seeds, days: 3, payments: 10_000, faults, plant: None, replay: None };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
        match word.as_str() {
            "--seed" => wanted.seeds = number(&value)?..number(&value)? + 1,
            "--seeds" => {
                let (from, to) = value.split_once("..").ok_or("--seeds wants N..M")?;
                wanted.seeds = number(from)?..number(to)?;
            }
            "--days" => wanted.days = i64::try_from(number(&value)?.clamp(1, 365)).unwrap(),
            "--payments" => wanted.payments = usize::try_from(number(&value)?).unwrap(),
            "--faults" => wanted.faults = value,
            "--plant" => {
                let names: Vec<_> = Plant::all().map(Plant::name).collect();
                let unknown = || format!("no plant {value}; there are {}", names.join(", "));
                wanted.plant = Some(Plant::from_name(&value).ok_or_else(unknown)?);
            }
            "--replay" => wanted.replay = Some(value),
            _ => return Err(format!("{word} is unknown")),
        }
    }
    Ok(wanted)
}

fn main() -> ExitCode {
    let wanted = match wanted(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = match &wanted.replay {
        Some(file) => replay(file),
        None => many(&wanted),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// `true` when nothing was violated.
fn many(wanted: &Wanted) -> Result<bool, String> {
    let (started, mut payments, mut bad) = (Instant::now(), 0, 0);
    let seeds: Vec<u64> = wanted.seeds.clone().collect();
    for some in seeds.chunks(AT_ONCE) {
        let runs: Result<Vec<_>, _> = some.iter().map(|seed| options(wanted, *seed)).collect();
        let runs = runs?;
        let at = Instant::now();
        for (options, verdict) in runs.iter().zip(run_seeds(runs.clone())) {
            if some.len() == 1 {
                println!("{}, {:.2} s", verdict.line(), at.elapsed().as_secs_f64());
            } else {
                println!("{}", verdict.line());
            }
            payments += verdict.stored;
            bad += usize::from(verdict.violation.is_some());
            write_trace(options, &verdict);
        }
    }
    if seeds.len() > 1 {
        let (seconds, count) = (started.elapsed().as_secs_f64(), seeds.len());
        println!(
            "{count} seeds, {payments} payments, {bad} seeds with a violation in {seconds:.1} s: \
             {:.0} seeds/min, {:.0} payments/s",
            count as f64 / seconds * 60.0,
            payments as f64 / seconds
        );
    }
    Ok(bad == 0)
}

fn options(wanted: &Wanted, seed: u64) -> Result<Options, String> {
    let options = Options::new(seed, wanted.days, wanted.payments).with_faults(&wanted.faults)?;
    Ok(match wanted.plant {
        Some(plant) => options.with_plant(plant),
        None => options,
    })
}

fn write_trace(options: &Options, verdict: &Verdict) {
    let Some(trace) = shrink(options, verdict) else { return };
    let file = format!("sim-{}.trace", options.seed);
    let (citizens, faults) = trace.size();
    println!("{}", trace.text);
    match std::fs::write(&file, &trace.text) {
        Ok(()) => println!("{citizens} citizens and {faults} faults are enough: --replay {file}"),
        Err(error) => eprintln!("{file} was not written: {error}"),
    }
}

fn replay(file: &str) -> Result<bool, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let trace = Trace::read(&text)?;
    let at = Instant::now();
    let verdict = trace.replay();
    println!("{}, {:.2} s", verdict.line(), at.elapsed().as_secs_f64());
    Ok(verdict.violation.is_none())
}
