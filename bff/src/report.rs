//! Reports as tables: the summary of some days, refunds, what is unsettled, exceptions, and the verdict of every line. One
//! writer of each, whatever the table becomes: CSV, a workbook, a page.

mod csv;
mod workbook;

use crate::parts::ReportParts;
use actix_web::body::{MessageBody, SizedStream};
use actix_web::web::Bytes;
use csv::Csv;
pub use csv::quoted;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::reconciliation::desk::{DeskBook, Exception, ExceptionFilter, LineVerdict};
use domain::reconciliation::report::{By, RefundLine, Span, Summary, Unsettled};
use jiff::Timestamp;
use jiff::civil::Date;
use std::io::{self, Read as _, Seek as _, Write};
use std::path::Path;
use workbook::Workbook;

/// So many rows are read at once.
const PAGE: u32 = 2_000;
/// So many bytes of a file are sent at once.
const PIECE: usize = 64 * 1024;

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words, numbers that are names.
    Text(String),
    /// How many.
    Count(u64),
    /// Money; people read it in yuan.
    Money(Fen),
    /// A moment, Beijing time.
    Time(Timestamp),
    /// Nothing.
    Nothing,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// By rail, region, agency, item and destination.
    Summary,
    /// Refunds.
    Refunds,
    /// What has no end yet.
    Unsettled,
    /// Exceptions of the desk.
    Exceptions,
    /// The verdict of every line of the latest run of each day.
    Lines,
}

impl Report {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Summary, Self::Refunds, Self::Unsettled, Self::Exceptions, Self::Lines];

    /// The word of paths and commands, and what staff call it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Summary => ("summary", "汇总"),
            Self::Refunds => ("refunds", "退款"),
            Self::Unsettled => ("unsettled", "未结"),
            Self::Exceptions => ("exceptions", "差错"),
            Self::Lines => ("lines", "明细结论"),
        }
    }

    /// The report with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|report| report.words().0 == word)
    }

    /// Its columns.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Summary => &[
                "分类",
                "编码",
                "说明",
                "缴款笔数",
                "缴款金额(元)",
                "退款笔数",
                "退款金额(元)",
                "手续费(元)",
                "净额(元)",
            ],
            Self::Refunds => &[
                "退款单号",
                "缴款订单号",
                "支付渠道",
                "起因",
                "金额(元)",
                "缴款码",
                "执收单位",
                "理由",
                "状态",
                "申请时间(北京时间)",
                "退回时间(北京时间)",
            ],
            Self::Unsettled => &[
                "订单号",
                "支付渠道",
                "应缴(元)",
                "实收(元)",
                "状态",
                "未销账笔数",
                "下单时间(北京时间)",
                "到账时间(北京时间)",
            ],
            Self::Exceptions => &[
                "编号",
                "对账日",
                "代码",
                "类型",
                "风险金额(元)",
                "恒等式影响(元)",
                "支付渠道",
                "商户号",
                "订单号",
                "退款单号",
                "缴款码",
                "渠道流水号",
                "入账编号",
                "事由",
                "状态",
                "负责人",
                "提案",
                "期限(北京时间)",
                "说明",
            ],
            Self::Lines => &["对账日", "对账次", "文件", "行", "归类", "代码"],
        }
    }
}

/// What a report becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// UTF-8 with a BOM, comma, `\r\n` (RFC 4180).
    Csv,
    /// A workbook (ECMA-376).
    Xlsx,
}

impl Format {
    /// The format with this ending.
    pub fn from_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }

    /// The ending of its files, and their media type.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Csv => ("csv", "text/csv; charset=utf-8"),
            Self::Xlsx => {
                ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
            }
        }
    }
}

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The books could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be written.
    #[error("the report cannot be written")]
    Write(#[from] io::Error),
}

/// Where rows go, one after the other.
pub trait Table: Send {
    /// # Errors
    /// The writer's.
    fn row(&mut self, cells: &[Cell]) -> io::Result<()>;
    /// Nothing comes any more.
    ///
    /// # Errors
    /// The writer's.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Writes a report into a file. Memory stays the same for any number of rows.
///
/// # Errors
/// [`ReportError`]; what was written so far is of no use then.
pub async fn write_file(
    parts: &ReportParts,
    (report, span): (Report, Span),
    format: Format,
    path: &Path,
) -> Result<u64, ReportError> {
    let file = io::BufWriter::new(std::fs::File::create(path)?);
    write(parts, (report, span), format, Box::new(file)).await
}

/// Writes a report into a file that has no name, and answers it as a body that is read piece by piece.
///
/// # Errors
/// [`ReportError`]; before the first byte is sent.
pub async fn write_download(
    parts: &ReportParts,
    what: (Report, Span),
    format: Format,
) -> Result<impl MessageBody + use<>, ReportError> {
    let mut file = tempfile::tempfile()?;
    write(parts, what, format, Box::new(io::BufWriter::new(file.try_clone()?))).await?;
    let length = file.stream_position()?;
    file.rewind()?;
    let pieces = futures_util::stream::unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(read) => {
                piece.truncate(read);
                Some((Ok::<_, io::Error>(Bytes::from(piece)), file))
            }
            Err(error) => Some((Err(error), file)),
        }
    });
    Ok(SizedStream::new(length, Box::pin(pieces)))
}

/// The same into any writer; how many rows.
///
/// # Errors
/// [`ReportError`].
pub async fn write(
    parts: &ReportParts,
    (report, span): (Report, Span),
    format: Format,
    into: Box<dyn Write + Send>,
) -> Result<u64, ReportError> {
    let mut table: Box<dyn Table> = match format {
        Format::Csv => Box::new(Csv::begin(into, report.columns())?),
        Format::Xlsx => Box::new(Workbook::begin(into, report)),
    };
    let count = fill(parts, report, span, table.as_mut()).await?;
    table.finish()?;
    Ok(count)
}

async fn fill(
    parts: &ReportParts,
    report: Report,
    span: Span,
    table: &mut dyn Table,
) -> Result<u64, ReportError> {
    let mut count = 0;
    match report {
        Report::Summary => {
            for row in summary_rows(&parts.sum_up.run(span).await?) {
                table.row(&row)?;
                count += 1;
            }
        }
        Report::Refunds => {
            let mut after = None;
            loop {
                let page = parts.book.refunds(span, after.as_ref(), PAGE).await?;
                for line in &page {
                    table.row(&refund_row(line))?;
                }
                count += page.len() as u64;
                let Some(last) = page.last() else { break };
                after = Some(last.edge());
            }
        }
        Report::Unsettled => {
            let mut after = None;
            loop {
                let page = parts.book.unsettled(span, after.as_ref(), PAGE).await?;
                for line in &page {
                    table.row(&unsettled_row(line))?;
                }
                count += page.len() as u64;
                let Some(last) = page.last() else { break };
                after = Some(last.edge());
            }
        }
        Report::Exceptions => {
            for day in days(span) {
                let of_day = ExceptionFilter { day: Some(day), ..ExceptionFilter::default() };
                let mut after: Option<String> = None;
                loop {
                    let page = parts.desk.exceptions(&of_day, after.as_deref(), PAGE).await?;
                    for exception in &page {
                        table.row(&exception_row(exception))?;
                    }
                    count += page.len() as u64;
                    let Some(last) = page.last() else { break };
                    after = Some(last.no.clone());
                }
            }
        }
        Report::Lines => {
            for day in days(span) {
                count += lines_of(parts.desk.as_ref(), day, table).await?;
            }
        }
    }
    Ok(count)
}

fn days(span: Span) -> impl Iterator<Item = Date> {
    span.first().series(jiff::Span::new().days(1)).take_while(move |day| *day <= span.last())
}

async fn lines_of(
    book: &dyn DeskBook,
    day: Date,
    table: &mut dyn Table,
) -> Result<u64, ReportError> {
    let Some(found) = book.find_day(day).await? else { return Ok(0) };
    let (run, mut count) = (found.run, 0);
    for file in book.judged_files(day, run).await? {
        let mut first = 1_u32;
        loop {
            let part = book.line_verdicts(day, run, file.position, first).await?;
            if part.is_empty() {
                break;
            }
            for (line_no, byte) in (first..).zip(&part) {
                let Some(verdict) = LineVerdict::from_byte(*byte) else { continue };
                let (bucket, code) = verdict.words();
                let cells = [
                    day.to_string().into(),
                    Cell::Count(u64::from(run)),
                    file.file.as_str().into(),
                    Cell::Count(u64::from(line_no)),
                    bucket.into(),
                    code.into(),
                ];
                table.row(&cells)?;
                count += 1;
            }
            first = first.saturating_add(u32::try_from(part.len()).unwrap_or(u32::MAX));
        }
    }
    Ok(count)
}

/// The rows of the summary, then what tells whether it adds up.
pub fn summary_rows(summary: &Summary) -> Vec<Vec<Cell>> {
    let row = |of: &domain::reconciliation::report::SummaryRow| {
        vec![
            of.by.words().1.into(),
            of.key.as_str().into(),
            of.detail.as_str().into(),
            Cell::Count(of.paid_count),
            Cell::Money(of.paid),
            Cell::Count(of.returned_count),
            Cell::Money(of.returned),
            Cell::Money(of.fees),
            Cell::Money(of.net()),
        ]
    };
    let mut rows: Vec<Vec<Cell>> =
        By::ALL.into_iter().flat_map(|by| summary.by(by)).map(row).collect();
    let told = if summary.adds_up() { "相符" } else { "不符，请通知运维" };
    for (name, fen) in [
        ("渠道收款合计", summary.taken),
        ("账面合计（分成、待查、应退）", summary.booked),
        ("其中金额不符待查", summary.held),
        ("其中整笔应退", summary.owed_back),
    ] {
        let mut cells = vec![Cell::from("核对"), name.into(), told.into(), Cell::Nothing];
        cells.push(Cell::Money(fen));
        cells.extend([const { Cell::Nothing }; 4]);
        rows.push(cells);
    }
    rows
}

fn refund_row(line: &RefundLine) -> Vec<Cell> {
    vec![
        line.no.as_str().into(),
        line.payment_no.as_str().into(),
        line.rail.name_zh().into(),
        line.cause.code().into(),
        Cell::Money(line.amount),
        line.notice_no.as_str().into(),
        line.agency.as_str().into(),
        line.reason.as_str().into(),
        line.status.code().into(),
        Cell::Time(line.created_at),
        line.done_at.map_or(Cell::Nothing, Cell::Time),
    ]
}

fn unsettled_row(line: &Unsettled) -> Vec<Cell> {
    vec![
        line.no.as_str().into(),
        line.rail.name_zh().into(),
        Cell::Money(line.amount),
        line.paid.map_or(Cell::Nothing, Cell::Money),
        line.status.code().into(),
        Cell::Count(line.not_written_off),
        Cell::Time(line.created_at),
        line.paid_at.map_or(Cell::Nothing, Cell::Time),
    ]
}

fn exception_row(one: &Exception) -> Vec<Cell> {
    let is = &one.is;
    let (code, name) = is.code.words();
    vec![
        one.no.as_str().into(),
        one.day.to_string().into(),
        code.into(),
        name.into(),
        Cell::Money(is.at_risk),
        Cell::Money(is.equation),
        is.rail.as_str().into(),
        is.merchant_no.as_str().into(),
        is.order_no.as_str().into(),
        is.refund_no.as_str().into(),
        is.notice_no.as_str().into(),
        is.txn_no.as_str().into(),
        is.credit_no.as_str().into(),
        is.cause.as_str().into(),
        one.state.words().1.into(),
        one.assignee.as_str().into(),
        one.proposal.as_ref().map_or(Cell::Nothing, |(no, _)| no.as_str().into()),
        Cell::Time(is.due_at),
        is.note.as_str().into(),
    ]
}

#[cfg(test)]
mod tests;
