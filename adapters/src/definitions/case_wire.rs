//! The section `[case]`.

use super::wire::{SentWire, WordingWire};
use domain::catalogue::{RawCall, RawCase, RawMaterial, RawStep};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseWire {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    sends: Vec<SentWire>,
    #[serde(default)]
    subject: bool,
    #[serde(default)]
    promised_days: u16,
    #[serde(default)]
    steps: Vec<StepWire>,
    #[serde(default)]
    material: Vec<MaterialWire>,
    #[serde(default)]
    express: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepWire {
    #[serde(default)]
    name: String,
    #[serde(default)]
    holder: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MaterialWire {
    #[serde(default)]
    name: String,
    #[serde(default)]
    label: WordingWire,
    #[serde(default)]
    by: String,
    field: Option<String>,
    when: Option<WhenWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenWire {
    #[serde(default)]
    field: String,
    #[serde(default)]
    is: Vec<String>,
}

impl CaseWire {
    pub(super) fn into_raw(self) -> RawCase {
        let step = |step: StepWire| RawStep { name: step.name, holder: step.holder };
        RawCase {
            call: RawCall {
                operation: self.operation,
                sends: self.sends.into_iter().map(SentWire::into_raw).collect(),
                subject: self.subject,
                stale_minutes: None,
            },
            promised_days: self.promised_days,
            steps: self.steps.into_iter().map(step).collect(),
            materials: self.material.into_iter().map(MaterialWire::into_raw).collect(),
            express: self.express,
        }
    }
}

impl MaterialWire {
    fn into_raw(self) -> RawMaterial {
        RawMaterial {
            name: self.name,
            label: self.label.into_raw(),
            by: self.by,
            field: self.field,
            when: self.when.map(|when| (when.field, when.is)),
        }
    }
}
