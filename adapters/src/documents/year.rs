//! The statement of a year, A4.

use super::canvas::{At, BLACK, BROWN, Canvas, GREY, Ink, RED, Style};
use super::font::Font;
use super::pdf;
use domain::clock::{beijing_day, beijing_time};
use domain::identity::PersonName;
use domain::money::Fen;
use domain::receipt::{PaidLine, PrintFailed, YearSheet, YearlyStatement, capital_figures};

const PAPER: (f32, f32) = (595.28, 841.89);
const LEFT: f32 = 42.0;
const RIGHT: f32 = 553.28;
/// Right edges of the two columns of amounts.
const PAID: f32 = 476.0;
const REFUNDED: f32 = RIGHT - 4.0;
/// The first line of the table, and below which no line begins.
const TOP: f32 = 726.0;
const BOTTOM: f32 = 64.0;

fn style(size: f32, ink: Ink) -> Style {
    Style { size, ink }
}

/// A statement under way: where the next line goes.
struct Paper<'a> {
    canvas: Canvas<'a>,
    title: String,
    whose: String,
    printed: String,
    page: u32,
    y: f32,
}

/// The file.
pub(super) fn draw(font: &Font, sheet: &YearSheet) -> Result<Vec<u8>, PrintFailed> {
    let payer = sheet.payer.as_ref().map_or_else(|| "未实名".to_owned(), PersonName::masked);
    let printed = beijing_time(sheet.printed_at).strftime("%Y-%m-%d %H:%M").to_string();
    let mut paper = Paper {
        canvas: Canvas::new(font, PAPER)?,
        title: format!("{}年度缴款明细", sheet.year.year),
        whose: payer,
        printed,
        page: 1,
        y: TOP,
    };
    paper.head();
    for line in &sheet.year.lines {
        paper.payment(line);
    }
    paper.sums(sheet);
    paper.foot();
    paper.canvas.turn();
    pdf::write(paper.canvas, &paper.title)
}

impl Paper<'_> {
    fn head(&mut self) {
        let canvas = &mut self.canvas;
        let middle = f32::midpoint(LEFT, RIGHT);
        canvas.text(At::Middle(middle, 786.0), style(18.0, BLACK), &self.title);
        canvas.text(At::Left(LEFT, 758.0), style(10.0, GREY), &format!("缴款人：{}", self.whose));
        let printed = format!("制表时间：{}", self.printed);
        canvas.text(At::Right(RIGHT, 758.0), style(10.0, GREY), &printed);
        let head = style(9.5, BROWN);
        for (at, text) in [
            (At::Left(LEFT + 4.0, 738.0), "日期"),
            (At::Left(LEFT + 72.0, 738.0), "缴款事项、执收单位"),
            (At::Right(PAID, 738.0), "缴款（元）"),
            (At::Right(REFUNDED, 738.0), "已退（元）"),
        ] {
            canvas.text(at, head, text);
        }
        canvas.line((LEFT, 752.0), (RIGHT, 752.0), 0.9, BROWN);
        canvas.line((LEFT, 732.0), (RIGHT, 732.0), 0.5, BROWN);
        self.y = TOP - 8.0;
    }

    fn foot(&mut self) {
        let note = "含退付的金额以制表时间为准；本明细不作为报销凭证。";
        let page = format!("第{}页", self.page);
        self.canvas.line((LEFT, 46.0), (RIGHT, 46.0), 0.4, GREY);
        self.canvas.text(At::Left(LEFT, 34.0), style(8.0, GREY), note);
        self.canvas.text(At::Right(RIGHT, 34.0), style(8.0, GREY), &page);
    }

    /// Turns the page unless `height` is left on it.
    fn room(&mut self, height: f32) {
        if self.y - height < BOTTOM {
            self.foot();
            self.canvas.turn();
            self.page += 1;
            self.head();
        }
    }

    fn payment(&mut self, line: &PaidLine) {
        self.room(46.0);
        let day = beijing_day(line.paid_at).to_string();
        let payment = &line.payment;
        let what = format!("{} {}", payment.rail.name_zh(), payment.no);
        self.canvas.text(At::Left(LEFT + 4.0, self.y), style(10.0, BLACK), &day);
        self.canvas.text(At::Left(LEFT + 72.0, self.y), style(9.0, GREY), &what);
        self.canvas.text(At::Right(PAID, self.y), style(10.0, BLACK), &line.paid.to_string());
        if line.refunded > Fen::ZERO {
            let refunded = line.refunded.to_string();
            self.canvas.text(At::Right(REFUNDED, self.y), style(10.0, RED), &refunded);
        }
        self.y -= 15.0;
        for notice in &payment.notices {
            for item in &notice.items {
                self.room(14.0);
                let text = format!("{}　{}", item.name, notice.agency.name);
                let text = self.canvas.lines(&text, 9.0, 262.0, 1).concat();
                self.canvas.text(At::Left(LEFT + 72.0, self.y), style(9.0, BLACK), &text);
                let amount = item.amount.to_string();
                self.canvas.text(At::Right(PAID - 72.0, self.y), style(9.0, GREY), &amount);
                self.y -= 14.0;
            }
        }
        self.canvas.line((LEFT, self.y + 7.0), (RIGHT, self.y + 7.0), 0.25, GREY);
        self.y -= 8.0;
    }

    fn sums(&mut self, sheet: &YearSheet) {
        self.room(96.0);
        let year = &sheet.year;
        self.y -= 4.0;
        let sums = [
            (format!("缴款合计（共{}笔）", year.lines.len()), year.paid),
            ("已退合计".to_owned(), year.refunded),
            ("实缴合计".to_owned(), year.kept()),
        ];
        for (label, sum) in sums {
            self.canvas.text(At::Left(LEFT + 4.0, self.y), style(10.5, BROWN), &label);
            let figures = format!("¥{sum}");
            self.canvas.text(At::Left(LEFT + 140.0, self.y), style(10.5, BLACK), &figures);
            self.y -= 18.0;
        }
        let words = format!("实缴合计（大写）：{}", capital_figures(year.kept()));
        self.canvas.text(At::Left(LEFT + 4.0, self.y), style(10.5, BLACK), &words);
        self.y -= 18.0;
        if !year.complete {
            let most = YearlyStatement::MAX_LINES;
            let note = format!("仅列出前{most}笔，合计只含所列各笔。");
            self.canvas.text(At::Left(LEFT + 4.0, self.y), style(10.0, RED), &note);
        }
    }
}
