//! What is wrong with arguments, rules and ledger: told all at once, in Chinese.

/// More of one file are counted, not listed.
const LISTED: usize = 50;

/// Faults of what must be right before anything is judged.
#[derive(Debug, Default)]
pub struct Faults {
    told: Vec<String>,
    more: usize,
}

impl Faults {
    /// Another one.
    pub fn add(&mut self, fault: String) {
        if self.told.len() < LISTED {
            self.told.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// Of a line of a file.
    pub fn at(&mut self, file: &str, line_no: u32, fault: &str) {
        self.add(format!("{file} 第{line_no}行：{fault}"));
    }

    /// `Err` with all of them, if there are any.
    pub fn none(mut self) -> Result<(), Vec<String>> {
        if self.told.is_empty() {
            return Ok(());
        }
        if self.more > 0 {
            self.told.push(format!("另有{}处错误未列出", self.more));
        }
        Err(self.told)
    }

    /// Whether nothing was told yet.
    pub const fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}
