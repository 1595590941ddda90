//! `mock-channels plant`: its arguments.

use std::path::PathBuf;

use super::Planting;

/// What was asked for on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What to plant.
    pub planting: Planting,
    /// Where to.
    pub out: PathBuf,
}

/// What is wrong with the arguments, all of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{}\nusage: mock-channels plant --seed N --out DIR [--payments N] [--clean]", .0.join("\n")
)]
pub struct Usage(
    /// One sentence each.
    pub Vec<String>,
);

impl Command {
    /// Reads what stands behind `plant`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(words: impl IntoIterator<Item = String>) -> Result<Self, Usage> {
        let mut faults = Vec::new();
        let (mut seed, mut out, mut payments, mut clean) = (None, None, None, false);
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            let done = match word.as_str() {
                "--seed" => value().and_then(|text| once(&word, &mut seed, number(&word, &text)?)),
                "--payments" => {
                    value().and_then(|text| once(&word, &mut payments, number(&word, &text)?))
                }
                "--out" => value().and_then(|text| once(&word, &mut out, PathBuf::from(text))),
                "--clean" => {
                    clean = true;
                    Ok(())
                }
                _ => Err(format!("{word} is not known")),
            };
            faults.extend(done.err());
        }
        let payments = payments.map_or(Ok(Planting::PAYMENTS), usize::try_from);
        match (seed, out, payments) {
            (Some(seed), Some(out), Ok(payments)) if faults.is_empty() => {
                Ok(Self { planting: Planting { seed, payments, clean }, out })
            }
            (seed, out, payments) => {
                let missing = |name: &str, there: bool| {
                    let said = faults.iter().any(|fault| fault.starts_with(name));
                    (!there && !said).then(|| format!("{name} is missing"))
                };
                let missing: Vec<String> = [
                    missing("--seed", seed.is_some()),
                    missing("--out", out.is_some()),
                    payments.err().map(|_| "--payments is too large".to_owned()),
                ]
                .into_iter()
                .flatten()
                .collect();
                faults.extend(missing);
                Err(Usage(faults))
            }
        }
    }
}

fn once<T>(word: &str, place: &mut Option<T>, value: T) -> Result<(), String> {
    match place.replace(value) {
        Some(_) => Err(format!("{word} comes twice")),
        None => Ok(()),
    }
}

fn number(word: &str, text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{word} wants a whole number, not {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Command, Usage> {
        Command::read(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_seed_and_a_folder_are_enough() {
        let planting = Planting { seed: 7, payments: Planting::PAYMENTS, clean: false };
        let out = PathBuf::from("day");
        assert_eq!(read("--out day --seed 7"), Ok(Command { planting, out: out.clone() }));
        let planting = Planting { seed: 7, payments: 10, clean: true };
        assert_eq!(read("--seed 7 --clean --payments 10 --out day"), Ok(Command { planting, out }));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let said = |text: &str| read(text).err().map(|usage| usage.0).unwrap_or_default();
        assert_eq!(said(""), ["--seed is missing", "--out is missing"]);
        assert_eq!(
            said("--seed x --seeds 3 --out"),
            [
                "--seed wants a whole number, not x",
                "--seeds is not known",
                "3 is not known",
                "--out needs a value"
            ]
        );
        assert_eq!(said("--seed 1 --seed 2 --out a"), ["--seed comes twice"]);
    }
}
