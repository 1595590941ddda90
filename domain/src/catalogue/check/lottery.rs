//! Checks how an app draws.

use super::super::{AppKind, Operation, Place, Problem, RawApp, RawLottery, RawPublicValue};
use super::texts::Findings;
use crate::casework::lottery::{LotteryPool, LotteryTerms, MonthlyMoment, PublicValueTerms};

const WORDS_MAX: usize = 60;
const POOLS_MAX: usize = 16;
const KEYS_MAX: usize = 8;

fn at(key: &'static str) -> Place {
    Place::Section { section: "lottery", key }
}

/// The terms, with every fault in `findings`.
pub(super) fn check(
    findings: &mut Findings,
    raw: &RawApp,
    kind: Option<AppKind>,
) -> Option<LotteryTerms> {
    let lottery = raw.lottery.as_ref()?;
    if kind.is_some_and(|kind| kind != AppKind::Apply) {
        let problem = Problem::Contradiction("only what is applied for can be drawn");
        findings.add(at("pool_field"), problem);
    }
    if let Some(key) = &lottery.code_from {
        findings.name(at("code_from"), key);
    }
    check_pools(findings, lottery, raw);
    check_steps(findings, &lottery.steps);
    let commits = moment(findings, "commits", &lottery.commits);
    let draws = moment(findings, "draws", &lottery.draws);
    if commits.zip(draws).is_some_and(|(commits, draws)| commits >= draws) {
        let problem =
            Problem::Contradiction("a draw comes after the commitment, in the same month");
        findings.add(at("draws"), problem);
    }
    let public_value = public_value(findings, &lottery.public_value);
    let pool = |(name, quota): &(String, u32)| LotteryPool { name: name.clone(), quota: *quota };
    Some(LotteryTerms {
        pool_field: lottery.pool_field.clone(),
        code_from: lottery.code_from.clone(),
        pools: lottery.pools.iter().map(pool).collect(),
        commits: commits?,
        draws: draws?,
        public_value: public_value?,
        steps: lottery.steps.clone(),
    })
}

fn check_pools(findings: &mut Findings, lottery: &RawLottery, raw: &RawApp) {
    let names: Vec<String> = lottery.pools.iter().map(|(name, _)| name.clone()).collect();
    findings.list(&at("pools"), &names, POOLS_MAX);
    for (name, quota) in &lottery.pools {
        findings.text(at("pools"), name, WORDS_MAX);
        if name.contains([',', ':', '=']) {
            let problem = Problem::Contradiction("a pool's name stands between `,`, `:` and `=`");
            findings.add(at("pools"), problem);
        }
        if *quota == 0 {
            findings.add(at("pools"), Problem::OutOfRange("1 and more"));
        }
    }
    let Some(field) = raw.fields.iter().find(|field| field.name == lottery.pool_field) else {
        let problem = Problem::Dangling { kind: "field", name: lottery.pool_field.clone() };
        return findings.add(at("pool_field"), problem);
    };
    for name in names {
        if !field.options.iter().any(|option| option.value == name) {
            findings.add(at("pools"), Problem::Dangling { kind: "option", name });
        }
    }
}

fn check_steps(findings: &mut Findings, steps: &[u32]) {
    let ascending = steps.windows(2).all(|pair| pair[0] < pair[1]);
    if steps.first() != Some(&0) || !ascending {
        let problem = Problem::Contradiction("steps begin with 0 and ascend");
        findings.add(at("steps"), problem);
    }
    if steps.len() > LotteryTerms::MOST_STEPS {
        findings.add(at("steps"), Problem::TooMany { max: LotteryTerms::MOST_STEPS });
    }
}

fn moment(
    findings: &mut Findings,
    key: &'static str,
    (day, time): &(i8, String),
) -> Option<MonthlyMoment> {
    let time = time.split_once(':').and_then(|(hour, minute)| {
        let number = |text: &str| text.parse().ok().filter(|_| text.len() == 2);
        Some((number(hour)?, number(minute)?))
    });
    let moment = time.and_then(|(hour, minute)| MonthlyMoment::new(*day, hour, minute));
    if moment.is_none() {
        findings.add(at(key), Problem::OutOfRange("day 1 to 28 and a time HH:MM"));
    }
    moment
}

fn public_value(findings: &mut Findings, raw: &RawPublicValue) -> Option<PublicValueTerms> {
    let place = || at("public_value");
    for name in raw.parameters.iter().map(|(name, _)| name).chain(&raw.from) {
        findings.name(place(), name);
    }
    findings.name(place(), &raw.day_parameter);
    findings.list(&place(), &raw.from, KEYS_MAX);
    findings.text(place(), &raw.words, WORDS_MAX);
    if !(0..24).contains(&raw.drawn_from_hour) {
        findings.add(place(), Problem::OutOfRange("hours 0 to 23"));
    }
    let operation = Operation::new(&raw.operation).ok();
    if operation.is_none() {
        findings.add(place(), Problem::NotAnOperation(raw.operation.clone()));
    }
    Some(PublicValueTerms {
        operation: operation?,
        parameters: raw.parameters.clone(),
        day_parameter: raw.day_parameter.clone(),
        from: raw.from.clone(),
        drawn_from_hour: raw.drawn_from_hour,
        words: raw.words.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{field, options, sample};
    use super::super::super::{AppDefinition, RawField, RawLottery};
    use super::*;

    pub(crate) fn lottery() -> RawApp {
        let public_value = RawPublicValue {
            operation: "civil_affairs.lottery_of_day".to_owned(),
            parameters: vec![("game".to_owned(), "福彩3D".to_owned())],
            day_parameter: "draw_date".to_owned(),
            from: vec!["issue".to_owned(), "numbers".to_owned()],
            drawn_from_hour: 21,
            words: "福彩3D当日开奖号码".to_owned(),
        };
        let pool_field = field("quota_kind", "enum");
        let pool_field = RawField { options: options(&["个人", "单位"]), ..pool_field };
        RawApp {
            kind: "apply".to_owned(),
            look_up: None,
            leads_to_notice: None,
            fields: vec![pool_field],
            lottery: Some(RawLottery {
                pool_field: "quota_kind".to_owned(),
                code_from: Some("application_code".to_owned()),
                pools: vec![("个人".to_owned(), 3), ("单位".to_owned(), 1)],
                commits: (25, "12:00".to_owned()),
                draws: (26, "10:00".to_owned()),
                steps: vec![0, 24],
                public_value,
            }),
            ..sample()
        }
    }

    #[test]
    fn sound_terms_are_kept_as_they_are() {
        let terms = AppDefinition::check(&lottery()).unwrap().lottery.unwrap();
        assert_eq!(terms.pools[1], LotteryPool { name: "单位".to_owned(), quota: 1 });
        assert_eq!([terms.weight(0), terms.weight(23), terms.weight(24)], [1, 1, 2]);
    }

    #[test]
    fn every_fault_of_the_terms_is_told_with_its_key() {
        type Change = fn(&mut RawLottery);
        let changes: [(Change, &str); 13] = [
            (|l| l.pool_field = "colour".to_owned(), "lottery.pool_field: there is no field"),
            (|l| l.code_from = Some("A".to_owned()), "lottery.code_from: `A` is not a name"),
            (|l| l.pools.clear(), "lottery.pools: is empty"),
            (|l| l.pools[1].0 = "外地".to_owned(), "lottery.pools: there is no option `外地`"),
            (|l| l.pools[1].0 = "个人".to_owned(), "lottery.pools: `个人` is there twice"),
            (|l| l.pools[0].1 = 0, "lottery.pools: is outside 1 and more"),
            (|l| l.commits.0 = 29, "lottery.commits: is outside day 1 to 28"),
            (|l| l.draws.1 = "24:00".to_owned(), "lottery.draws: is outside day 1 to 28"),
            (|l| l.draws.0 = 1, "lottery.draws: a draw comes after"),
            (|l| l.steps = vec![1, 2], "lottery.steps: steps begin with 0"),
            (|l| l.public_value.operation = "x".to_owned(), "lottery.public_value: `x` is not"),
            (|l| l.public_value.from.clear(), "lottery.public_value: is empty"),
            (|l| l.public_value.drawn_from_hour = 24, "lottery.public_value: is outside hours"),
        ];
        for (change, expected) in changes {
            let mut app = lottery();
            change(app.lottery.as_mut().unwrap());
            let faults = AppDefinition::check(&app).unwrap_err();
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert!(told.iter().any(|fault| fault.starts_with(expected)), "{expected}: {told:?}");
        }
        let query = RawApp { kind: "query".to_owned(), ..lottery() };
        assert!(AppDefinition::check(&query).is_err(), "only an application");
    }
}
