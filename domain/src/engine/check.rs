//! Checks one answer by the type of its field.

use super::AnswerValue;
use crate::catalogue::{Field, FieldCheck, FieldType, RegionTable};
use crate::files::{FileRule, StoredFile};
use crate::money::PayableFen;
use crate::notice::NoticeNo;
use crate::standards::{
    CheckCode, CitizenId, Mobile, PlateNo, ReceiptCode, ReceiptNo, RegionCode, Uscc,
};
use jiff::civil::Date;

/// No answer has more characters.
const TEXT_MAX: usize = 500;
/// Nor is a choice that a department offers longer.
const CHOICE_MAX: usize = 100;

/// What an answer is checked against: regions are those of a day, files those of the caller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Map<'a> {
    pub(super) regions: &'a RegionTable,
    pub(super) today: Date,
    pub(super) files: &'a [StoredFile],
}

/// The answer as departments read it, or what the citizen can do about it.
pub(super) fn check(field: &Field, value: &AnswerValue, map: Map<'_>) -> Result<String, String> {
    let label = &field.label.zh;
    let odd = || format!("“{label}”的填写方式不正确，请更新页面后重新填写");
    match (field.field_type, value) {
        (FieldType::Enum, AnswerValue::Choice(choice)) => choice_of(field, choice),
        // Years, people, tickets: nothing that is counted here is less than nothing.
        (FieldType::Int, AnswerValue::Number(number @ 0..)) => count(field, *number),
        (FieldType::Int, AnswerValue::Number(_)) => {
            Err(format!("“{label}”不能为负数，请核对后重填"))
        }
        (FieldType::Amount, AnswerValue::Fen(fen)) => amount(label, *fen),
        (FieldType::Date, AnswerValue::Date(date)) => Ok(date.to_string()),
        (FieldType::Bool, AnswerValue::Flag(flag)) => Ok(flag.to_string()),
        (FieldType::File, AnswerValue::FileId(id)) => file(field, id, map.files),
        (
            FieldType::Enum
            | FieldType::Int
            | FieldType::Amount
            | FieldType::Date
            | FieldType::Bool
            | FieldType::File,
            _,
        ) => Err(odd()),
        (by_text, AnswerValue::Text(text)) => {
            let text = text.trim();
            if text.chars().count() > TEXT_MAX {
                return Err(format!("“{label}”不能超过{TEXT_MAX}个字，请缩短"));
            }
            text_of(by_text, field, text, map)
        }
        (_, _) => Err(odd()),
    }
}

/// Checks a text that is neither too long nor surrounded by spaces.
fn text_of(
    field_type: FieldType,
    field: &Field,
    text: &str,
    map: Map<'_>,
) -> Result<String, String> {
    let label = &field.label.zh;
    let say = |what: &str| format!("“{label}”{what}");
    let owned = |text: &str| text.to_owned();
    match field_type {
        FieldType::IdCard => CitizenId::normalised(text)
            .map(|id| owned(id.as_str()))
            .map_err(|_| say("不是有效的18位公民身份号码，请核对后重填")),
        FieldType::PlateNo => PlateNo::normalised(text)
            .map(|plate| owned(plate.as_str()))
            .map_err(|_| say("不是有效的号牌号码，请填写完整号牌，例如浙A00X00")),
        FieldType::Uscc => Uscc::normalised(text)
            .map(|code| owned(code.as_str()))
            .map_err(|_| say("不是有效的18位统一社会信用代码，请核对后重填")),
        FieldType::Phone => Mobile::new(text)
            .map(|phone| owned(phone.as_str()))
            .map_err(|_| say("不是有效的11位手机号码，请核对后重填")),
        FieldType::Month => month(text).ok_or_else(|| say("请按年-月填写，例如2026-03")),
        FieldType::Region => region(text, map).ok_or_else(|| say("不是现行的行政区划，请重新选择")),
        FieldType::NoticeNo => NoticeNo::new(text)
            .map(|no| owned(no.as_str()))
            .map_err(|_| say("不是有效的缴款单号，请按缴款单填写")),
        FieldType::ReceiptCode => ReceiptCode::new(text)
            .map(|code| owned(code.as_str()))
            .map_err(|_| say("不是有效的8位票据代码，请按票据填写")),
        FieldType::ReceiptNo => ReceiptNo::new(text)
            .map(|no| owned(no.as_str()))
            .map_err(|_| say("不是有效的10位票据号码，请按票据填写")),
        FieldType::CheckCode => CheckCode::new(text)
            .map(|code| owned(code.as_str()))
            .map_err(|_| say("不是有效的6位校验码，请按票据填写")),
        FieldType::Text | FieldType::Address => free_text(field, text),
        FieldType::Date
        | FieldType::Enum
        | FieldType::Int
        | FieldType::Amount
        | FieldType::Bool
        | FieldType::File => Err(say("的填写方式不正确，请更新页面后重新填写")),
    }
}

fn free_text(field: &Field, text: &str) -> Result<String, String> {
    let label = &field.label.zh;
    // A line break belongs into a description; nothing else invisible does.
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(format!("“{label}”含有无法识别的字符，请重新输入"));
    }
    match field.check {
        None | Some(FieldCheck::Between { .. }) => Ok(text.to_owned()),
        Some(FieldCheck::LettersAndDigits { length }) => {
            let fits = text.len() == usize::from(length)
                && text.bytes().all(|b| b.is_ascii_alphanumeric());
            let wrong = || format!("“{label}”应为{length}位字母或数字，请核对后重填");
            if fits { Ok(text.to_ascii_uppercase()) } else { Err(wrong()) }
        }
    }
}

fn choice_of(field: &Field, choice: &str) -> Result<String, String> {
    if field.options_from.is_some() {
        // Whether the department still offers it, the department says.
        let fits = choice.chars().count() <= CHOICE_MAX && !choice.chars().any(char::is_control);
        let odd = || format!("“{}”请从列出的选项中选择", field.label.zh);
        return if fits { Ok(choice.to_owned()) } else { Err(odd()) };
    }
    let known = field.options.iter().find(|option| option.value == choice);
    known
        .map(|option| option.value.clone())
        .ok_or_else(|| format!("“{}”请从列出的选项中选择", field.label.zh))
}

fn count(field: &Field, number: i64) -> Result<String, String> {
    match field.check {
        Some(FieldCheck::Between { least, most })
            if !(i64::from(least)..=i64::from(most)).contains(&number) =>
        {
            Err(format!("“{}”应为{least}至{most}，请核对后重填", field.label.zh))
        }
        Some(FieldCheck::Between { .. } | FieldCheck::LettersAndDigits { .. }) | None => {
            Ok(number.to_string())
        }
    }
}

fn amount(label: &str, fen: i64) -> Result<String, String> {
    let fits = u64::try_from(fen).is_ok_and(|fen| fen <= PayableFen::MAX);
    if fits {
        Ok(fen.to_string())
    } else {
        Err(format!("“{label}”的金额超出范围，请核对后重填"))
    }
}

/// Another person's file answers as one that is not there.
fn file(field: &Field, id: &str, files: &[StoredFile]) -> Result<String, String> {
    let label = &field.label.zh;
    let found = files.iter().find(|file| file.id.as_str() == id);
    let found = found.ok_or_else(|| format!("“{label}”的文件不存在或已过期，请重新上传"))?;
    let rule = field.file.clone().unwrap_or_else(FileRule::any);
    if !rule.kinds.contains(&found.kind) {
        let kinds: Vec<_> = rule.kinds.iter().map(|kind| kind.name_zh()).collect();
        return Err(format!("“{label}”只接受{}，请重新上传", kinds.join("、")));
    }
    if found.size > rule.most_bytes {
        let most = rule.most_bytes / 1024;
        return Err(format!("“{label}”的文件不能超过{most}KB，请压缩后重新上传"));
    }
    Ok(found.id.to_string())
}

/// `YYYY-MM`, as it came.
fn month(text: &str) -> Option<String> {
    let shape = text.len() == 7 && text.is_ascii();
    let first_day: Option<Date> = format!("{text}-01").parse().ok();
    first_day.filter(|_| shape).map(|_| text.to_owned())
}

fn region(text: &str, map: Map<'_>) -> Option<String> {
    let code = RegionCode::new(text).ok()?;
    map.regions.find(&code, map.today).map(|region| region.code.to_string())
}
