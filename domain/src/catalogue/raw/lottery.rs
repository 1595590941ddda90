//! The section `[lottery]`, as somebody wrote it.

/// How an app draws.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawLottery {
    /// Name of the field that names the pool.
    pub pool_field: String,
    /// Key of the application code.
    pub code_from: Option<String>,
    /// Names and quotas.
    pub pools: Vec<(String, u32)>,
    /// Day of the month and `HH:MM`.
    pub commits: (i8, String),
    /// Day of the month and `HH:MM`.
    pub draws: (i8, String),
    /// Lost draws that raise the weight.
    pub steps: Vec<u32>,
    /// The public number.
    pub public_value: RawPublicValue,
}

/// The public number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawPublicValue {
    /// Operation.
    pub operation: String,
    /// Names and values that go along.
    pub parameters: Vec<(String, String)>,
    /// Name of the parameter of the day.
    pub day_parameter: String,
    /// Keys of the row.
    pub from: Vec<String>,
    /// Hour of the day.
    pub drawn_from_hour: i8,
    /// Words for citizens.
    pub words: String,
}
