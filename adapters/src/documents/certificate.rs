//! The sheet of a certificate, A4: title, holder, what the department says, seal, QR code.

use super::canvas::{At, BLACK, BROWN, Canvas, GREY, Ink, RED, Style};
use super::font::Font;
use super::pdf;
use domain::casework::certificate::{Certificate, CertificateStanding, Holder};
use domain::clock::{beijing_day, beijing_time};
use domain::receipt::{CertificateSheet, PrintFailed};

const PAPER: (f32, f32) = (595.28, 841.89);
const LEFT: f32 = 56.0;
const RIGHT: f32 = 539.28;
/// Where values begin.
const VALUE: f32 = 168.0;
/// Below which no line of the content begins; seal and QR code stand there on the last page.
const BOTTOM: f32 = 190.0;
/// Below which nothing but the foot stands.
const FOOT: f32 = 64.0;
const LINE: f32 = 16.0;
/// Of one value; a department's list of 48 months has some 40.
const MOST_LINES: usize = 60;

fn style(size: f32, ink: Ink) -> Style {
    Style { size, ink }
}

/// A certificate under way: where the next line goes.
struct Paper<'a> {
    canvas: Canvas<'a>,
    sheet: &'a CertificateSheet,
    page: u32,
    y: f32,
}

/// The file.
pub(super) fn draw(
    font: &Font,
    sheet: &CertificateSheet,
    verify_at: &str,
) -> Result<Vec<u8>, PrintFailed> {
    let certificate = &sheet.certificate;
    let mut paper = Paper { canvas: Canvas::new(font, PAPER)?, sheet, page: 1, y: 0.0 };
    paper.head();
    paper.holder();
    let many = certificate.rows.len() > 1;
    for (number, row) in certificate.rows.iter().enumerate() {
        if many {
            paper.entry("", &format!("第{}项", number + 1));
        }
        for entry in row {
            paper.entry(&entry.label, &entry.value);
        }
        paper.rule();
    }
    paper.end(verify_at)?;
    paper.foot();
    paper.canvas.turn();
    pdf::write(paper.canvas, &format!("{} {}", certificate.title, certificate.serial))
}

impl Paper<'_> {
    fn certificate(&self) -> &Certificate {
        &self.sheet.certificate
    }

    fn head(&mut self) {
        let certificate = &self.sheet.certificate;
        let middle = f32::midpoint(LEFT, RIGHT);
        let size =
            if self.canvas.width_of(&certificate.title, 22.0) > RIGHT - LEFT { 15.0 } else { 22.0 };
        self.canvas.text(At::Middle(middle, 768.0), style(size, BLACK), &certificate.title);
        let serial = format!("证明编号：{}", certificate.serial);
        self.canvas.text(At::Left(LEFT, 736.0), style(10.0, BROWN), &serial);
        let code = format!("授权码：{}", certificate.code.grouped());
        self.canvas.text(At::Right(RIGHT, 736.0), style(10.0, BROWN), &code);
        self.canvas.line((LEFT, 728.0), (RIGHT, 728.0), 0.9, BROWN);
        self.y = 706.0;
    }

    fn holder(&mut self) {
        match &self.certificate().holder {
            Holder::Person { name, id_card } => {
                let (name, number) = (name.as_str().to_owned(), id_card.masked());
                self.entry("姓名", &name);
                self.entry("公民身份号码", &number);
            }
            Holder::Body { name } => {
                let name = name.clone();
                self.entry("单位名称", &name);
            }
        }
        self.rule();
    }

    /// Turns the page unless `height` is left above `bottom`.
    fn room(&mut self, height: f32, bottom: f32) {
        if self.y - height < bottom {
            self.foot();
            self.canvas.turn();
            self.page += 1;
            self.head();
        }
    }

    fn entry(&mut self, label: &str, value: &str) {
        let value = if value.is_empty() { "—" } else { value };
        let lines = self.canvas.lines(value, 11.0, RIGHT - VALUE, MOST_LINES);
        for (number, line) in lines.iter().enumerate() {
            self.room(LINE, FOOT);
            if number == 0 {
                let long = self.canvas.width_of(label, 11.0) > VALUE - LEFT - 6.0;
                let size = if long { 8.0 } else { 11.0 };
                self.canvas.text(At::Left(LEFT, self.y), style(size, BROWN), label);
            }
            self.canvas.text(At::Left(VALUE, self.y), style(11.0, BLACK), line);
            self.y -= LINE;
        }
        self.y -= 4.0;
    }

    fn rule(&mut self) {
        self.canvas.line((LEFT, self.y + 10.0), (RIGHT, self.y + 10.0), 0.3, GREY);
        self.y -= 8.0;
    }

    /// The seal's words in their frame, who says so and when, and how to verify it.
    fn end(&mut self, verify_at: &str) -> Result<(), PrintFailed> {
        self.room(0.0, BOTTOM);
        let certificate = &self.sheet.certificate;
        let day = |at| beijing_day(at).strftime("%Y年%m月%d日").to_string();
        let corner = (LEFT, 84.0);
        self.canvas.qr(corner, 84.0, &format!("{verify_at}?{}", certificate.verify_query()))?;
        let beside = LEFT + 98.0;
        let last = certificate.last_day().strftime("%Y年%m月%d日").to_string();
        let words = [
            "扫描二维码，或凭证明编号和授权码，可查验真伪。".to_owned(),
            format!("查验有效期至：{last}"),
            format!("数据截至：{}", beijing_time(certificate.as_of).strftime("%Y-%m-%d %H:%M")),
        ];
        for (number, text) in (0_u8..).zip(words) {
            let y = 150.0 - 16.0 * f32::from(number);
            self.canvas.text(At::Left(beside, y), style(9.0, GREY), &text);
        }
        let width = self.canvas.width_of(&certificate.seal, 10.0) + 16.0;
        let left = RIGHT - width;
        self.canvas.frame((left, 106.0), (width, 24.0), 1.2, RED);
        self.canvas.text(At::Left(left + 8.0, 114.0), style(10.0, RED), &certificate.seal);
        let says = format!("{}　{}", certificate.issuer, day(certificate.issued_at));
        self.canvas.text(At::Right(RIGHT, 88.0), style(10.0, BLACK), &says);
        match certificate.standing(self.sheet.printed_at) {
            CertificateStanding::Valid => {}
            CertificateStanding::Expired => self.stamp("本证明已过查验有效期"),
            CertificateStanding::Revoked => self.stamp("本证明已由持有人撤销"),
        }
        Ok(())
    }

    fn stamp(&mut self, words: &str) {
        let middle = f32::midpoint(LEFT, RIGHT);
        self.canvas.text(At::Middle(middle, 800.0), style(14.0, RED), words);
    }

    fn foot(&mut self) {
        let printed = beijing_time(self.sheet.printed_at).strftime("%Y-%m-%d %H:%M").to_string();
        let note = format!("下载时间 {printed}　第{}页", self.page);
        self.canvas.line((LEFT, 46.0), (RIGHT, 46.0), 0.4, GREY);
        self.canvas.text(At::Right(RIGHT, 34.0), style(8.0, GREY), &note);
    }
}
