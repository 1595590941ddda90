//! Numbers without a check digit: mobile phone, region, driver's archive.

use super::all_digits;
use std::fmt;

/// A mobile number of the mainland: `1`, a digit from 3, nine more. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mobile(String);

/// Not a mobile number.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a mobile number has eleven digits and begins with 13 to 19")]
pub struct MobileInvalid;

impl Mobile {
    /// # Errors
    /// [`MobileInvalid`] as said on the type.
    pub fn new(text: &str) -> Result<Self, MobileInvalid> {
        let fits = text.len() == 11 && all_digits(text) && text.starts_with('1');
        let open = matches!(text.as_bytes().get(1), Some(b'3'..=b'9'));
        if fits && open { Ok(Self(text.to_owned())) } else { Err(MobileInvalid) }
    }

    /// The whole number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `138****8000`.
    pub fn masked(&self) -> String {
        format!("{}****{}", &self.0[..3], &self.0[7..])
    }
}

impl fmt::Debug for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A code of GB/T 2260: six digits. Whether it is a region, and when, says the region table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode(String);

/// Not six digits.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a region code has six digits")]
pub struct RegionCodeInvalid;

impl RegionCode {
    /// # Errors
    /// [`RegionCodeInvalid`] unless it is six digits.
    pub fn new(text: &str) -> Result<Self, RegionCodeInvalid> {
        if text.len() == 6 && all_digits(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(RegionCodeInvalid)
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 驾驶证档案编号: twelve digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DriverArchiveNo(String);

/// Not twelve digits.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a driver's archive number has twelve digits")]
pub struct DriverArchiveNoInvalid;

impl DriverArchiveNo {
    /// # Errors
    /// [`DriverArchiveNoInvalid`] unless it is twelve digits.
    pub fn new(text: &str) -> Result<Self, DriverArchiveNoInvalid> {
        if text.len() == 12 && all_digits(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DriverArchiveNoInvalid)
        }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DriverArchiveNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}****{}", &self.0[..4], &self.0[8..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobiles_are_those_of_the_wide_form() {
        for good in ["13000000000", "17000000000", "18900000000", "19900000000"] {
            assert!(Mobile::new(good).is_ok(), "{good}");
        }
        for bad in ["12000000000", "1380000000", "03800000000", "138000000000", "1380000000a"] {
            assert!(Mobile::new(bad).is_err(), "{bad}");
        }
        let mobile = Mobile::new("13800138000").unwrap();
        assert_eq!(format!("{mobile:?}"), "138****8000");
    }
}
