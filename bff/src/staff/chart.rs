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
