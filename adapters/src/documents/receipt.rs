//! The sheet of one receipt, A5 across.

use super::canvas::{At, BLACK, BROWN, Canvas, GREY, Ink, RED, Style};
use super::font::Font;
use super::pdf;
use domain::clock::{beijing_day, beijing_time};
use domain::identity::PersonName;
use domain::money::Fen;
use domain::receipt::{FiledReceipt, PrintFailed, ReceiptSheet, capital_figures};

const PAPER: (f32, f32) = (595.28, 419.53);
const LEFT: f32 = 36.0;
const RIGHT: f32 = 559.28;
/// Upper edge of the table, and the height of its lines.
const TABLE: f32 = 288.0;
const LINE: f32 = 19.0;
/// So many lines of items fit; what is more is added up in the last one.
const MOST_ITEMS: usize = 6;
/// Where the columns of the table begin: name and amount (the code begins at the left edge).
const NAME: f32 = 136.0;
const AMOUNT: f32 = 429.28;

fn style(size: f32, ink: Ink) -> Style {
    Style { size, ink }
}

/// The file.
pub(super) fn draw(
    font: &Font,
    sheet: &ReceiptSheet,
    verify_at: &str,
) -> Result<Vec<u8>, PrintFailed> {
    let filed = &sheet.filed;
    let mut canvas = Canvas::new(font, PAPER)?;
    heading(&mut canvas, filed, verify_at)?;
    let bottom = table(&mut canvas, filed);
    let below = links(&mut canvas, filed, bottom - 17.0);
    foot(&mut canvas, sheet, below);
    canvas.turn();
    let id = &filed.receipt.id;
    pdf::write(canvas, &format!("{} {}", title(filed), id.number.as_str()))
}

/// What money looks like: red where it is taken back.
fn money_ink(filed: &FiledReceipt) -> Ink {
    if filed.red_letter.is_some() { RED } else { BLACK }
}

fn title(filed: &FiledReceipt) -> String {
    let code = &filed.receipt.id.code;
    let province = if code.as_str().starts_with("33") { "浙江省" } else { "" };
    let red = if filed.red_letter.is_some() { "（红字）" } else { "" };
    format!("{province}{}{red}", code.class().name_zh())
}

/// The title, the QR code, and who and when beside it.
fn heading(
    canvas: &mut Canvas<'_>,
    filed: &FiledReceipt,
    verify_at: &str,
) -> Result<(), PrintFailed> {
    let receipt = &filed.receipt;
    let ink = if filed.red_letter.is_some() { RED } else { BROWN };
    let title = title(filed);
    let middle = f32::midpoint(LEFT, RIGHT);
    canvas.text(At::Middle(middle, 378.0), style(18.0, ink), &title);
    let half = canvas.width_of(&title, 18.0) / 2.0 + 12.0;
    for (y, thick) in [(370.0, 0.9), (367.6, 0.4)] {
        canvas.line((middle - half, y), (middle + half, y), thick, ink);
    }
    canvas.qr((LEFT, TABLE + 10.0), 62.0, &format!("{verify_at}?{}", filed.verify_query()))?;
    let payer = filed.payer.as_ref().map_or_else(|| "未实名".to_owned(), PersonName::masked);
    let day = beijing_day(receipt.issued_at).strftime("%Y年%m月%d日").to_string();
    let fields = [
        (LEFT + 78.0, 0, "票据代码", receipt.id.code.as_str()),
        (340.0, 0, "票据号码", receipt.id.number.as_str()),
        (LEFT + 78.0, 1, "交款人", &payer),
        (340.0, 1, "校验码", receipt.check_code.as_str()),
        (LEFT + 78.0, 2, "开票日期", &day),
        (340.0, 2, "缴款单号", receipt.notice_no.as_str()),
    ];
    for (x, row, label, value) in fields {
        let y = TABLE + 62.0 - 21.0 * f32::from(u8::try_from(row).unwrap_or(0));
        canvas.text(At::Left(x, y), style(10.0, BROWN), &format!("{label}："));
        let widest = RIGHT - x - 58.0;
        let size = if canvas.width_of(value, 10.5) > widest { 8.0 } else { 10.5 };
        canvas.text(At::Left(x + 58.0, y), style(size, BLACK), value);
    }
    Ok(())
}

/// Code, name and amount of every line; lines beyond the paper are added up in the last one.
fn rows(filed: &FiledReceipt) -> Vec<(String, String, Fen)> {
    let sign = if filed.red_letter.is_some() { -1 } else { 1 };
    let shown = match filed.items.len() {
        count if count > MOST_ITEMS => MOST_ITEMS - 1,
        count => count,
    };
    let (alone, rest) = filed.items.split_at(shown);
    let row = |item: &domain::payment::SnapshotItem| {
        (item.code.clone(), item.name.clone(), Fen::new(sign * item.amount.value()))
    };
    let mut rows: Vec<_> = alone.iter().map(row).collect();
    if !rest.is_empty() {
        let sum = rest.iter().fold(0_i64, |sum, item| sum.saturating_add(item.amount.value()));
        rows.push((String::new(), format!("其余{}项合计", rest.len()), Fen::new(sign * sum)));
    }
    rows
}

/// The items and their sum; answers where the table ends.
fn table(canvas: &mut Canvas<'_>, filed: &FiledReceipt) -> f32 {
    let ink = money_ink(filed);
    let label = style(10.0, BROWN);
    let heads =
        [(f32::midpoint(LEFT, NAME), "项目编码"), (f32::midpoint(NAME, AMOUNT), "项目名称")];
    for (x, head) in heads {
        canvas.text(At::Middle(x, TABLE - 13.0), label, head);
    }
    canvas.text(At::Middle(f32::midpoint(AMOUNT, RIGHT), TABLE - 13.0), label, "金额（元）");
    let mut y = TABLE - LINE;
    canvas.line((LEFT, y), (RIGHT, y), 0.5, BROWN);
    for (code, name, amount) in rows(filed) {
        let at = y - 13.5;
        canvas.text(At::Middle(f32::midpoint(LEFT, NAME), at), style(10.0, BLACK), &code);
        let name = canvas.lines(&name, 10.0, AMOUNT - NAME - 16.0, 1).concat();
        canvas.text(At::Left(NAME + 8.0, at), style(10.0, BLACK), &name);
        canvas.text(At::Right(RIGHT - 8.0, at), style(10.5, ink), &amount.to_string());
        y -= LINE;
    }
    let sum_line = (TABLE - LINE - LINE * 4.0).min(y);
    for x in [NAME, AMOUNT] {
        canvas.line((x, TABLE), (x, sum_line), 0.5, BROWN);
    }
    canvas.line((LEFT, sum_line), (RIGHT, sum_line), 0.5, BROWN);
    let bottom = sum_line - 24.0;
    let amount = filed.signed_amount();
    canvas.text(At::Left(LEFT + 8.0, bottom + 8.0), label, "金额合计（大写）");
    canvas.text(At::Left(LEFT + 94.0, bottom + 8.0), style(11.0, ink), &capital_figures(amount));
    let figures = format!("¥{amount}");
    canvas.text(At::Right(RIGHT - 8.0, bottom + 8.0), style(11.0, ink), &figures);
    let width = canvas.width_of(&figures, 11.0);
    canvas.text(At::Right(RIGHT - 12.0 - width, bottom + 8.0), label, "（小写）");
    canvas.frame((LEFT, bottom), (RIGHT - LEFT, TABLE - bottom), 0.9, BROWN);
    bottom
}

/// What this receipt takes back, or what takes it back; answers where to go on.
fn links(canvas: &mut Canvas<'_>, filed: &FiledReceipt, mut y: f32) -> f32 {
    let mut told = Vec::new();
    if let Some(letter) = &filed.red_letter {
        let (code, number) = (letter.original.code.as_str(), letter.original.number.as_str());
        told.push(format!("对应原票据：票据代码 {code}　票据号码 {number}"));
        told.push(format!("冲红原因：{}", letter.reason));
    }
    if let Some(red) = &filed.reversed_by {
        let (code, number) = (red.code.as_str(), red.number.as_str());
        told.push(format!("本票据已冲红　红字票据：票据代码 {code}　票据号码 {number}"));
    }
    for text in told {
        let text = canvas.lines(&text, 10.0, RIGHT - LEFT, 1).concat();
        canvas.text(At::Left(LEFT, y), style(10.0, RED), &text);
        y -= 17.0;
    }
    y
}

fn foot(canvas: &mut Canvas<'_>, sheet: &ReceiptSheet, y: f32) {
    let filed = &sheet.filed;
    let agency = format!("{}（{}）", filed.agency.name, filed.agency.code);
    let payment = filed.receipt.payment_no.as_str();
    let label = style(10.0, BROWN);
    canvas.text(At::Left(LEFT, y), label, "收款单位：");
    let agency = canvas.lines(&agency, 10.0, 250.0, 1).concat();
    canvas.text(At::Left(LEFT + 52.0, y), style(10.0, BLACK), &agency);
    canvas.text(At::Left(346.0, y), label, "支付单号：");
    canvas.text(At::Left(398.0, y), style(9.0, BLACK), payment);
    let printed = beijing_time(sheet.printed_at).strftime("%Y-%m-%d %H:%M").to_string();
    let note = "扫描二维码，或凭票据代码、票据号码和校验码，可查验真伪及冲红、退付情况。";
    canvas.line((LEFT, 44.0), (RIGHT, 44.0), 0.4, GREY);
    canvas.text(At::Left(LEFT, 32.0), style(8.0, GREY), note);
    canvas.text(At::Right(RIGHT, 32.0), style(8.0, GREY), &format!("下载时间 {printed}"));
}
