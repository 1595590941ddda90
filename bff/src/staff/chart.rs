//! Charts as SVG: bars from our ledger to the rails' net, age of what is open.

use domain::money::Fen;
use maud::{Markup, html};

const WIDTH: i64 = 1_000;
const BAR: i64 = 26;
const LEFT: i64 = 260;
const RIGHT: i64 = 170;

/// One step of a waterfall.
pub struct Step {
    /// What it is.
    pub name: String,
    /// How much it adds; of a total how much there is.
    pub fen: Fen,
    /// Whether it starts from zero.
    pub is_total: bool,
}

/// Steps from one total to the next, each beside its figure: whoever cannot see the bars reads the table below.
pub fn waterfall(title: &str, steps: &[Step]) -> Markup {
    let mut level: i128 = 0;
    let mut spans = Vec::with_capacity(steps.len());
    for step in steps {
        let fen = i128::from(step.fen.value());
        let from = if step.is_total { 0 } else { level };
        level = from + fen;
        spans.push((from.min(level), from.max(level)));
    }
    let low = spans.iter().map(|(from, _)| *from).min().unwrap_or(0).min(0);
    let high = spans.iter().map(|(_, to)| *to).max().unwrap_or(0).max(low + 1);
    let place = |fen: i128| {
        let share = (fen - low) * i128::from(WIDTH - LEFT - RIGHT) / (high - low);
        LEFT + i64::try_from(share).unwrap_or(0)
    };
    let height = BAR * i64::try_from(steps.len()).unwrap_or(0) + 4;
    html! {
        figure {
            figcaption { (title) }
            svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(title) width="100%" {
                @for (at, (step, (from, to))) in (0_i64..).zip(steps.iter().zip(&spans)) {
                    @let y = at * BAR + 2;
                    text x=(LEFT - 8) y=(y + 17) text-anchor="end" font-size="14" fill="#1b1f24" { (step.name) }
                    rect x=(place(*from)) y=(y + 3) width=((place(*to) - place(*from)).max(2)) height=(BAR - 8)
                        fill=(if step.is_total { "#12467b" } else if step.fen.value() < 0 { "#a40e26" } else { "#7a4b00" }) {}
                    text x=(place(*to) + 8) y=(y + 17) font-size="14" fill="#1b1f24" { (step.fen) }
                }
            }
        }
    }
}

/// A column of a trend.
pub struct Column {
    /// Its day.
    pub day: String,
    /// How much, zero or more.
    pub fen: Fen,
    /// What is said of it to whoever points at it.
    pub said: String,
}

const TREND_HEIGHT: i64 = 90;
const GAP: i64 = 2;

/// A column for each day, the oldest first: whoever cannot see them reads the table below.
pub fn trend(title: &str, columns: &[Column]) -> Markup {
    let most = columns.iter().map(|column| column.fen.value()).max().unwrap_or(0).max(1);
    let count = i64::try_from(columns.len()).unwrap_or(0).max(1);
    let width = (WIDTH / count).clamp(GAP + 2, 60);
    let high = |fen: Fen| {
        let share = i128::from(fen.value().max(0)) * i128::from(TREND_HEIGHT) / i128::from(most);
        i64::try_from(share).unwrap_or(0).max(1)
    };
    let ends = columns.first().zip(columns.last());
    html! {
        figure {
            figcaption { (title) @if let Some((first, last)) = ends { "（" (first.day) "至" (last.day) "，最高" (Fen::new(most)) "元）" } }
            svg viewBox=(format!("0 0 {WIDTH} {}", TREND_HEIGHT + 4)) role="img" aria-label=(title) width="100%" {
                @for (at, column) in (0_i64..).zip(columns) {
                    @let high = high(column.fen);
                    rect x=(at * width) y=(TREND_HEIGHT + 2 - high) width=(width - GAP) height=(high)
                        fill=(if column.fen == Fen::ZERO { "#8a94a0" } else { "#a40e26" }) {
                        title { (column.day) " " (column.said) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_day_fills_the_trend_and_none_is_invisible() {
        let column = |day: &str, fen| Column {
            day: day.to_owned(),
            fen: Fen::new(fen),
            said: "3条".to_owned(),
        };
        let days =
            [column("2026-09-28", 0), column("2026-09-29", 500), column("2026-09-30", 1_000)];
        let page = trend("风险金额", &days).into_string();
        for (y, height) in [(91, 1), (47, 45), (2, 90)] {
            let place = format!("y=\"{y}\" width=\"58\" height=\"{height}\"");
            assert!(page.contains(&place), "{place}: {page}");
        }
        assert!(page.contains("2026-09-28至2026-09-30，最高10.00元"), "{page}");
        assert!(trend("空", &[]).into_string().contains("svg"));
        // A year and the largest sum: no column leaves the picture.
        let year: Vec<_> = (0..92).map(|_| column("2026-01-01", i64::MAX)).collect();
        assert!(trend("年", &year).into_string().contains("height=\"90\""));
    }
}
