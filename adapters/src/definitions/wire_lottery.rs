//! The shape of the section `[lottery]`.

use domain::catalogue::{RawLottery, RawPublicValue};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LotteryWire {
    #[serde(default)]
    pool_field: String,
    code_from: Option<String>,
    #[serde(default)]
    pools: Vec<PoolWire>,
    #[serde(default)]
    commits: MomentWire,
    #[serde(default)]
    draws: MomentWire,
    #[serde(default)]
    steps: Vec<u32>,
    #[serde(default)]
    public_value: PublicValueWire,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolWire {
    #[serde(default)]
    name: String,
    #[serde(default)]
    quota: u32,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct MomentWire {
    #[serde(default)]
    day: i8,
    #[serde(default)]
    at: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PublicValueWire {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    day_parameter: String,
    #[serde(default)]
    from: Vec<String>,
    #[serde(default)]
    drawn_from_hour: i8,
    #[serde(default)]
    words: String,
}

impl LotteryWire {
    pub(super) fn into_raw(self) -> RawLottery {
        RawLottery {
            pool_field: self.pool_field,
            code_from: self.code_from,
            pools: self.pools.into_iter().map(|pool| (pool.name, pool.quota)).collect(),
            commits: (self.commits.day, self.commits.at),
            draws: (self.draws.day, self.draws.at),
            steps: self.steps,
            public_value: self.public_value.into_raw(),
        }
    }
}

impl PublicValueWire {
    fn into_raw(self) -> RawPublicValue {
        RawPublicValue {
            operation: self.operation,
            parameters: self.parameters.into_iter().collect(),
            day_parameter: self.day_parameter,
            from: self.from,
            drawn_from_hour: self.drawn_from_hour,
            words: self.words,
        }
    }
}
