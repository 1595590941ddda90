//! Two departments compute what is asked for, by rules that they publish.

use serde_json::json;

use super::{Call, Found, Refusal};

/// The most that the fund lends, in fen.
const MOST_LOAN_FEN: i64 = 100_000_000;
/// The rate of loans over five years and of shorter ones, in hundredths of a per cent.
const LONG_RATE: i64 = 325;
const SHORT_RATE: i64 = 275;
/// The average monthly wage of the province of the year before, in fen.
const AVERAGE_WAGE_FEN: i64 = 470_000;

/// A whole number within bounds.
fn number(call: &Call, name: &str, from: i64, to: i64) -> Result<i64, Refusal> {
    let number: Option<i64> = call.required(name)?.parse().ok();
    number
        .filter(|number| (from..=to).contains(number))
        .ok_or_else(|| Refusal::Invalid(format!("{name} 应为 {from} 至 {to} 的整数")))
}

fn rounded(fen: f64) -> i64 {
    fen.round() as i64
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
    let base = if years > 5 { LONG_RATE } else { SHORT_RATE };
    // A second home costs a tenth more.
    let rate = if first_home { base as f64 } else { base as f64 * 1.1 } / 10_000.0;
    let (months, monthly_rate, loan) = ((years * 12) as f64, rate / 12.0, loan_fen as f64);
    let (monthly, interest) = match call.required("repay")? {
        "等额本息" => {
            let monthly = loan * monthly_rate / (1.0 - (1.0 + monthly_rate).powf(-months));
            (monthly, monthly * months - loan)
        }
        "等额本金" => {
            (loan / months + loan * monthly_rate, loan * monthly_rate * (months + 1.0) / 2.0)
        }
        _ => return Err(Refusal::Invalid("repay 应为等额本息或等额本金".to_owned())),
    };
    let row = json!({
        "max_loan_fen": loan_fen,
        "rate": format!("{:.3}%", rate * 100.0),
        "monthly_fen": rounded(monthly),
        "interest_fen": rounded(interest),
    });
    Ok(Found { source: "省建设厅", rows: vec![row] })
}

/// The basic pension by years and index, and the account spread over the months of the age.
pub(super) fn pension(call: &Call) -> Result<Found, Refusal> {
    let age = number(call, "retire_age", 40, 70)?;
    let years = number(call, "pay_years", 0, 55)?;
    let account_fen = number(call, "account_balance_fen", 0, 1_000_000_000_000)?;
    let index: Option<f64> = call.required("average_index")?.parse().ok();
    let index = index
        .filter(|index| (0.1..=5.0).contains(index))
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
    let base = AVERAGE_WAGE_FEN as f64 * (1.0 + index) / 2.0 * years as f64 / 100.0;
    let (base_fen, account_fen) = (rounded(base), account_fen / months);
    let row = json!({
        "base_pension_fen": base_fen,
        "account_pension_fen": account_fen,
        "transition_pension_fen": 0,
        "total_fen": base_fen + account_fen,
    });
    Ok(Found { source: "省人社厅", rows: vec![row] })
}
