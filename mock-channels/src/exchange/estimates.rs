//! Two departments compute what is asked for, by rules that they publish.

use serde_json::json;

use super::{Call, Found, Refusal};

/// The most that the fund lends, in fen.
const MOST_LOAN_FEN: i64 = 100_000_000;
/// The rate of loans over five years and of shorter ones, in hundredths of a per cent.
const LONG_RATE: i64 = 325;
const SHORT_RATE: i64 = 275;
/// What one fen is counted in while interest is added to it.
const ONE: i128 = 1_000_000_000_000_000;
/// A sum times thousandths of a per cent a year, divided by this, is a month's interest.
const YEAR: i128 = 12 * 100_000;
const BILLION: i64 = 1_000_000_000;
/// The average monthly wage of the province of the year before, in fen.
const AVERAGE_WAGE_FEN: i64 = 470_000;

/// A whole number within bounds.
fn number(call: &Call, name: &str, from: i64, to: i64) -> Result<i64, Refusal> {
    let number: Option<i64> = call.required(name)?.parse().ok();
    number
        .filter(|number| (from..=to).contains(number))
        .ok_or_else(|| Refusal::Invalid(format!("{name} 应为 {from} 至 {to} 的整数")))
}

/// To the nearest whole number; neither is below zero.
fn rounded(dividend: i128, divisor: i128) -> i64 {
    i64::try_from((dividend + divisor / 2) / divisor).unwrap_or(i64::MAX)
}

/// A decimal number in billionths.
fn billionths(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    format!("{whole}{fraction:0<9}").parse().ok()
}

/// 70 % of the price of a first home, 40 % of a second; twenty times the balance; the ceiling.
pub(super) fn loan(call: &Call) -> Result<Found, Refusal> {
    const MOST_FEN: i64 = 1_000_000_000_000;
    let price_fen = number(call, "price_fen", 1, MOST_FEN)?;
    let balance_fen = number(call, "balance_fen", 0, MOST_FEN)?;
    let years = number(call, "years", 1, 30)?;
    let first_home = match call.required("first_home")? {
        "true" => true,
        "false" => false,
        _ => return Err(Refusal::Invalid("first_home 应为 true 或 false".to_owned())),
    };
    let share = if first_home { 70 } else { 40 };
    let loan_fen = (price_fen * share / 100).min(balance_fen * 20).min(MOST_LOAN_FEN);
    // In thousandths of a per cent; a second home costs a tenth more.
    let tenths = if first_home { 10 } else { 11 };
    let rate = if years > 5 { LONG_RATE } else { SHORT_RATE } * tenths;
    let (months, loan) = (i128::from(years * 12), i128::from(loan_fen));
    let interest = loan * i128::from(rate);
    let (monthly_fen, interest_fen) = match call.required("repay")? {
        "等额本息" => {
            let grown = (0..months).fold(ONE, |sum, _| sum + sum * i128::from(rate) / YEAR);
            let (dividend, divisor) = (interest * grown, YEAR * (grown - ONE));
            (rounded(dividend, divisor), rounded(dividend * months, divisor) - loan_fen)
        }
        "等额本金" => (
            rounded(loan * YEAR + interest * months, months * YEAR),
            rounded(interest * (months + 1), 2 * YEAR),
        ),
        _ => return Err(Refusal::Invalid("repay 应为等额本息或等额本金".to_owned())),
    };
    let row = json!({
        "max_loan_fen": loan_fen,
        "rate": format!("{}.{:03}%", rate / 1_000, rate % 1_000),
        "monthly_fen": monthly_fen,
        "interest_fen": interest_fen,
    });
    Ok(Found { source: "省建设厅", rows: vec![row] })
}

/// The basic pension by years and index, and the account spread over the months of the age.
pub(super) fn pension(call: &Call) -> Result<Found, Refusal> {
    let age = number(call, "retire_age", 40, 70)?;
    let years = number(call, "pay_years", 0, 55)?;
    let account_fen = number(call, "account_balance_fen", 0, 1_000_000_000_000)?;
    let index = billionths(call.required("average_index")?)
        .filter(|index| (BILLION / 10..=5 * BILLION).contains(index))
        .ok_or_else(|| Refusal::Invalid("average_index 应为 0.1 至 5 的数".to_owned()))?;
    if years < 15 {
        return Ok(Found { source: "省人社厅", rows: Vec::new() });
    }
    let months = match age {
        ..=50 => 195,
        51..=55 => 170,
        56..=60 => 139,
        61..=65 => 101,
        _ => 56,
    };
    // A hundredth a year of the mean of the average wage and the person's own.
    let wages = i128::from(AVERAGE_WAGE_FEN) * i128::from(BILLION + index) * i128::from(years);
    let (base_fen, account_fen) = (rounded(wages, 200 * i128::from(BILLION)), account_fen / months);
    let row = json!({
        "base_pension_fen": base_fen,
        "account_pension_fen": account_fen,
        "transition_pension_fen": 0,
        "total_fen": base_fen + account_fen,
    });
    Ok(Found { source: "省人社厅", rows: vec![row] })
}
