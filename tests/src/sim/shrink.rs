//! A failing history, made small: citizens and faults are taken out in chunks while the same
//! invariant still breaks (delta debugging). What is left is a trace: a text file that names
//! the seed, who acted and what failed, and tells the history; `replay` lives through it again.

use super::fault::{FaultId, from_text, text_of};
use super::options::{Options, Plant};
use super::run::{Verdict, run};
use super::town;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// So many runs at most; a trace may stay larger than it must.
const RUNS: usize = 400;

/// A failing history, small.
#[derive(Debug, Clone)]
pub struct Trace {
    options: Options,
    invariant: String,
    /// The whole file.
    pub text: String,
}

struct Shrinker {
    invariant: &'static str,
    runs: usize,
}

impl Shrinker {
    fn fails(&mut self, options: &Options) -> Option<Verdict> {
        self.runs += 1;
        let verdict = run(options);
        let same = verdict.violation.as_ref().is_some_and(|v| v.invariant == self.invariant);
        same.then_some(verdict)
    }

    /// Takes chunks out of `all`, large ones first, as long as it fails without them.
    fn smaller<T: Clone + Ord>(
        &mut self,
        all: Vec<T>,
        with: impl Fn(BTreeSet<T>) -> Options,
    ) -> Vec<T> {
        let (mut kept, mut chunk) = (all, usize::MAX);
        while chunk > 1 && !kept.is_empty() {
            chunk = chunk.min(kept.len()).div_ceil(2);
            let mut from = 0;
            while from < kept.len() && self.runs < RUNS {
                let to = (from + chunk).min(kept.len());
                let without = kept[..from].iter().chain(&kept[to..]).cloned();
                if self.fails(&with(without.collect())).is_some() {
                    kept.drain(from..to);
                } else {
                    from = to;
                }
            }
        }
        kept
    }
}

/// Shrinks the run of `options`, which ended in `verdict`; `None` when it did not fail.
pub fn shrink(options: &Options, verdict: &Verdict) -> Option<Trace> {
    let invariant = verdict.violation.as_ref()?.invariant;
    let mut shrinker = Shrinker { invariant, runs: 0 };
    let mut small = options.clone();
    small.only_faults = Some(verdict.happened.iter().copied().collect());
    let (citizens, _) = town::of(options);
    let acted = (0..options.payments).filter(|number| citizens[*number].at <= verdict.ended_at);
    // Faults come and go with the citizens, so each is tried once more after the other.
    let mut acted: Vec<usize> = acted.collect();
    for _ in 0..2 {
        acted =
            shrinker.smaller(acted, |only| Options { only_citizens: Some(only), ..small.clone() });
        small.only_citizens = Some(acted.iter().copied().collect());
        let happened = shrinker.fails(&small).map(|verdict| verdict.happened)?;
        let unique: BTreeSet<FaultId> = happened.into_iter().collect();
        let faults = shrinker.smaller(unique.into_iter().collect(), |only| Options {
            only_faults: Some(only),
            ..small.clone()
        });
        small.only_faults = Some(faults.into_iter().collect());
    }
    small.keep_text = true;
    let told = shrinker.fails(&small)?;
    let text = trace_text(&small, &told);
    Some(Trace { options: small, invariant: invariant.to_owned(), text })
}

fn trace_text(options: &Options, verdict: &Verdict) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "seed {}", options.seed);
    let _ = writeln!(text, "days {}", options.days);
    let _ = writeln!(text, "payments {}", options.payments);
    let _ = writeln!(text, "faults {}", options.faults_text);
    if let Some(plant) = options.plant {
        let _ = writeln!(text, "plant {}", plant.name());
    }
    if let Some(violation) = &verdict.violation {
        let _ = writeln!(text, "violation {} {}", violation.invariant, violation.text);
    }
    let (citizens, _) = town::of(options);
    for number in options.only_citizens.iter().flatten() {
        let _ = writeln!(text, "citizen {number} {}", citizens[*number].words());
    }
    for id in options.only_faults.iter().flatten() {
        let _ = writeln!(text, "fault {}", text_of(*id));
    }
    for line in &verdict.text {
        let _ = writeln!(text, "# {line}");
    }
    text
}

impl Trace {
    /// Reads a trace file.
    ///
    /// # Errors
    /// A sentence that names the line that is not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut options = Options::new(0, 1, 0);
        let (mut citizens, mut faults) = (BTreeSet::new(), BTreeSet::new());
        let mut invariant = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let wrong = || format!("not understood: {line}");
            let (word, rest) = line.split_once(' ').ok_or_else(wrong)?;
            let first = rest.split(' ').next().unwrap_or_default();
            let number = || first.parse::<u32>().or(Err(wrong()));
            match word {
                "seed" => options.seed = first.parse().or(Err(wrong()))?,
                "days" => options.days = i64::from(number()?),
                "payments" => options.payments = number()? as usize,
                "faults" => options = options.with_faults(first)?,
                "plant" => options.plant = Some(Plant::from_name(first).ok_or_else(wrong)?),
                "violation" => first.clone_into(&mut invariant),
                "citizen" => drop(citizens.insert(number()? as usize)),
                "fault" => drop(faults.insert(from_text(first).ok_or_else(wrong)?)),
                _ => return Err(wrong()),
            }
        }
        options.only_citizens = Some(citizens);
        options.only_faults = Some(faults);
        Ok(Self { options, invariant, text: text.to_owned() })
    }

    /// The invariant that broke when the trace was written.
    pub fn invariant(&self) -> &str {
        &self.invariant
    }

    /// How many citizens and faults are left.
    pub fn size(&self) -> (usize, usize) {
        let citizens = self.options.only_citizens.as_ref().map_or(0, BTreeSet::len);
        (citizens, self.options.only_faults.as_ref().map_or(0, BTreeSet::len))
    }

    /// Lives through it again.
    pub fn replay(&self) -> Verdict {
        run(&self.options)
    }
}
